import type { AttributesOf } from '../../otel/schema/metrics.ts';

type Attributes = AttributesOf<'sluice.scaler.decisions'>;
/** As `Metrics.observedCounter` wants it. */
interface Count {
  value: number;
  readonly attributes: Attributes;
}

/**
 * How often it was decided what for each scaler. Kept here and not in a counter of OpenTelemetry, which would hold those
 * of scalers that are gone until the process ends, and no more than 2,000 sets of attributes.
 */
export class DecisionCounts {
  private readonly scalers = new Map<string, Map<string, Count>>();

  add(attributes: Attributes): void {
    const { scaler, reason, result } = attributes;
    let counts = this.scalers.get(scaler);
    if (!counts) this.scalers.set(scaler, (counts = new Map()));
    const key = `${reason} ${result}`;
    const count = counts.get(key);
    if (count) count.value++;
    else counts.set(key, { value: 1, attributes });
  }

  /** Forgets all scalers but those. */
  keep(isThere: (scaler: string) => boolean): void {
    for (const scaler of this.scalers.keys()) if (!isThere(scaler)) this.scalers.delete(scaler);
  }

  all(): readonly Readonly<Count>[] {
    return [...this.scalers.values()].flatMap((counts) => [...counts.values()]);
  }
}
