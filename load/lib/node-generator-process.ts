import { closedLoad, pipelinedLoad } from './autocannon-load.ts';
import type { LoadSpec } from './generator.ts';
import type { ChildReport } from './node-generator.ts';
import { openLoad } from './open-load.ts';
import type { Tally } from './tally.ts';

// Argument: the LoadSpec as JSON. The report goes to the parent.
const spec = JSON.parse(process.argv[2]!) as LoadSpec;
// Whoever started this has gone: nobody wants the result.
process.on('disconnect', () => process.exit(1));

const before = process.cpuUsage();
const { generator, tally } = await run(spec);
const { user, system } = process.cpuUsage(before);
const report: ChildReport = { generator, ...tally.toData(), cpuSeconds: (user + system) / 1e6 };
process.send!(report, () => process.exit(0));

async function run({ model, ...rest }: LoadSpec): Promise<{ generator: string; tally: Tally }> {
  if (model.kind === 'open') return { generator: 'undici', tally: await openLoad(rest, model) };
  const tally = model.kind === 'closed' ? await closedLoad(rest, model) : await pipelinedLoad(rest, model);
  return { generator: 'autocannon', tally };
}
