import type { LoadMeter } from '../runtime/load-meter.ts';
import type { Step } from '../runtime/step.ts';

/** What is particular to a stage: its step, how its load is measured, what it has to close. */
export interface StageWork {
  readonly step: Step;
  readonly load: LoadMeter;
  /** The same meter, where statements are what limits the stage. */
  readonly statements?: LoadMeter;
  close(): Promise<void>;
}
