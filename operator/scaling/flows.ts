import { withFlow } from './gain.ts';
import type { Observed } from './observe.ts';

/** Notes for every stage with upstream what went through there while records were written here. */
export function withFlows(observed: readonly Observed[]): readonly Observed[] {
  const byName = new Map(observed.map((each) => [each.scaler.spec.name, each]));
  return observed.map((each) => {
    const { scaler, memory, flow } = each;
    const flows = scaler.spec.upstream.map((name) => byName.get(name)?.flow);
    if (flow === undefined || flows.length === 0) return each;
    let settled = 0;
    for (const upstream of flows) {
      if (upstream === undefined) return each;
      settled += upstream.settled;
    }
    return {
      ...each,
      memory: { ...memory, gain: withFlow(memory.gain, settled, flow.written, flow.seconds) },
    };
  });
}
