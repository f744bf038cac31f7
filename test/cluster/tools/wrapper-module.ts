import { copyFile, chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { GoModule } from './catalog.ts';
import type { GoOptions } from './go-toolchain.ts';
import { GoError, go } from './go-toolchain.ts';

const downloadSchema = z.object({ Dir: z.string(), GoMod: z.string(), Sum: z.string() });

/** go.mod as `go mod edit -json` prints it, as far as it matters here. */
const manifestSchema = z.object({
  Go: z.string(),
  Replace: z
    .array(
      z.object({
        Old: z.object({ Path: z.string(), Version: z.string().optional() }),
        New: z.object({ Path: z.string(), Version: z.string().optional() }),
      }),
    )
    .nullish(),
});
export type GoManifest = z.infer<typeof manifestSchema>;

/**
 * Makes a module in the directory `options.cwd` that requires `module` and stands in for its go.mod. `go install`
 * refuses a module with replace directives, and asks for a list of versions that not every proxy serves; a main
 * module of our own does neither. The module's go.sum comes along, covered by the checksum of its source.
 * @throws GoError, also when the source is not the one that the catalog names
 */
export async function createWrapper(module: GoModule, options: GoOptions): Promise<void> {
  const id = `${module.path}@${module.version}`;
  const download = downloadSchema.parse(JSON.parse(await go(['mod', 'download', '-json', id], options)));
  if (download.Sum !== module.sum)
    throw new GoError(`${id} has the checksum ${download.Sum}, not ${module.sum}: it is not built.`);
  const printed = await go(['mod', 'edit', '-json', download.GoMod], options);
  const manifest = manifestSchema.parse(JSON.parse(printed));
  await writeFile(join(options.cwd, 'go.mod'), wrapperManifest(module, manifest));
  const sums = join(options.cwd, 'go.sum');
  await copyFile(join(download.Dir, 'go.sum'), sums);
  await chmod(sums, 0o644);
}

/**
 * The wrapper's go.mod. Replacements count in the main module only, so they are repeated here; one by a folder of
 * the module's own repository becomes one by the version under which that folder is published.
 */
export function wrapperManifest(module: GoModule, manifest: GoManifest): string {
  const replaces = (manifest.Replace ?? []).flatMap(({ Old, New }) => {
    const old = Old.Version === undefined ? Old.Path : `${Old.Path} ${Old.Version}`;
    if (New.Version !== undefined) return [`replace ${old} => ${New.Path} ${New.Version}`];
    return module.stagingVersion === undefined
      ? []
      : [`replace ${old} => ${Old.Path} ${module.stagingVersion}`];
  });
  const head = ['module sluice.dev/tools', `go ${manifest.Go}`, `require ${module.path} ${module.version}`];
  return [...head, ...replaces, ''].join('\n');
}
