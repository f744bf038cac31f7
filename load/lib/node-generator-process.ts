import { closedLoad, pipelinedLoad } from './autocannon-load.ts';
import type { LoadSpec } from './generator.ts';
import type { ChildReport } from './node-generator.ts';
import { openLoad } from './open-load.ts';
import { reportToParent } from './reporting-process.ts';
import type { Tally } from './tally.ts';

await reportToParent<ChildReport>(async (spec) => {
  const { generator, tally } = await run(spec as LoadSpec);
  return { generator, ...tally.toData() };
});

async function run({ model, ...rest }: LoadSpec): Promise<{ generator: string; tally: Tally }> {
  if (model.kind === 'open') return { generator: 'undici', tally: await openLoad(rest, model) };
  const tally = model.kind === 'closed' ? await closedLoad(rest, model) : await pipelinedLoad(rest, model);
  return { generator: 'autocannon', tally };
}
