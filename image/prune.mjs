// Removes from node_modules what is never loaded at run time: type declarations, source maps, documents, and the
// builds of the API's page and of the charts that it does not use. Licences stay.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const NEVER_LOADED = /\.(d\.[cm]?ts|map|flow|markdown|md|tsbuildinfo)$/;
const ECHARTS_UNUSED = /^echarts\/(asset|dist|i18n|ssr|theme)\//;
const SWAGGER_UNUSED = /^swagger-ui-dist\/(swagger-ui-es-|swagger-ui\.js|swagger-ui-standalone|log\.)/;
const root = 'node_modules';

let removed = 0;
for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  if (/licen[cs]e|notice|copying/i.test(entry.name)) continue;
  const inPackage = path.slice(root.length + 1);
  if (
    ![SWAGGER_UNUSED, ECHARTS_UNUSED].some((unused) => unused.test(inPackage)) &&
    !NEVER_LOADED.test(entry.name)
  )
    continue;
  await rm(path);
  removed++;
}
process.stdout.write(`${removed} files removed from ${root}\n`);
