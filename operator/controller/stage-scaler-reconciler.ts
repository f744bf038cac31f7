import type { DeclaredScaler } from '../api/parse.ts';
import type { StageScalerStatus } from '../api/v1alpha1.ts';
import { API_VERSION, KIND } from '../api/v1alpha1.ts';
import { applyStatus } from '../kube/apply-status.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { KubeApi } from '../kube/kube-api.ts';
import type { LeaderElector } from '../kube/leader-elector.ts';
import type { ManagedScaler, Outcome, OutcomeSink, ScalerSource, Unread } from '../loop/ports.ts';
import type { Admission } from './admission.ts';
import { admit } from './admission.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ReconcileResult } from './controller.ts';
import type { Declaration } from './declaration.ts';
import { targetKey } from './declaration.ts';
import { figuresIntervalMs } from './status-budget.ts';
import { nextStatus, statusChange } from './status.ts';
import type { Targets } from './targets.ts';
import type { Occurrence } from './transitions.ts';
import { conditionOccurrences, manualOccurrence, scalingOccurrence } from './transitions.ts';
import type { Standing } from './verdicts.ts';
import type { WorkQueue } from './work-queue.ts';

export interface StageScalerReconcilerOptions {
  readonly api: KubeApi;
  readonly cluster: ClusterState;
  readonly targets: Targets;
  readonly queue: WorkQueue;
  readonly events: EventRecorder;
  readonly leader: Pick<LeaderElector, 'isLeader' | 'writeWithinMs'>;
  /** Wall clock. */
  readonly date?: () => Date;
}

/** What is remembered of one StageScaler, as long as it exists. */
interface Entry {
  readonly uid: string;
  standing?: Standing & { readonly generation: number };
  /** What this process has written last, and when (ms of a monotonic clock). */
  written?: { readonly status: StageScalerStatus; readonly at: number };
  lastScaleTime?: string;
  judged?: Judged;
}

/** What a StageScaler makes of itself and of the cluster around it; good until one of the two changes. */
interface Judged {
  readonly declaration: Declaration;
  /** Of the cluster. */
  readonly revision: number;
  readonly admission: Admission;
  /** Undefined: refused. */
  readonly managed: { readonly scaler: ManagedScaler; readonly targetKey: string } | undefined;
}

const WRITE_MS = 5_000;

/**
 * Between the StageScalers of the cluster and the loop: says which are to be decided and how their targets are
 * reached, takes what became of them, and keeps their status and Events. The loop calls `list` and `accept`, the
 * controller's workers call `reconcile`.
 */
export class StageScalerReconciler implements ScalerSource, OutcomeSink {
  private readonly options: Required<StageScalerReconcilerOptions>;
  private readonly entries = new Map<string, Entry>();
  /** Of which declaration a scaler that was handed out was made. */
  private readonly origins = new WeakMap<ManagedScaler, Declaration>();

  constructor(options: StageScalerReconcilerOptions) {
    this.options = { date: () => new Date(), ...options };
    options.cluster.declarations.onChange((key) => options.queue.add(key));
  }

  /** Every StageScaler that makes sense, also where another replica leads: whoever takes over knows the load then. */
  list(): readonly ManagedScaler[] {
    const { cluster, targets } = this.options;
    const scalers: ManagedScaler[] = [];
    const kept = new Set<string>();
    for (const declaration of cluster.declarations.all().values()) {
      const { managed } = this.judge(declaration);
      if (!managed) continue;
      kept.add(managed.targetKey);
      scalers.push(managed.scaler);
    }
    targets.keep(kept);
    return scalers;
  }

  accept(outcomes: readonly Outcome[], _at: number, unread: readonly Unread[] = []): void {
    for (const result of [...outcomes, ...unread]) this.take(result);
    this.forgetDeleted();
    if (!this.options.leader.isLeader()) return;
    // Those that were refused too: what they depend on may have changed.
    for (const declaration of this.options.cluster.declarations.all().values())
      if (this.isDue(declaration)) this.options.queue.add(declaration.key);
  }

  settle(outcome: Outcome): void {
    const { cluster, leader, queue } = this.options;
    const declaration = this.origins.get(outcome.scaler);
    if (!declaration) return;
    const entry = this.entryOf(declaration);
    if (entry.standing && isApplying(entry.standing)) entry.standing = { ...entry.standing, result: outcome };
    if (outcome.result === 'scaled') entry.lastScaleTime = this.now();
    this.tell(declaration, scalingOccurrence(outcome));
    const present = cluster.declarations.get(declaration.key);
    if (leader.isLeader() && present && this.isDue(present)) queue.add(present.key);
  }

  /** Writes the status where it is not as it should be. Rejects with KubeError: then it is tried again. */
  async reconcile(key: string): Promise<ReconcileResult> {
    const { api, cluster, leader } = this.options;
    const declaration = cluster.declarations.get(key);
    const withinMs = Math.min(WRITE_MS, leader.writeWithinMs());
    if (!declaration || withinMs === 0 || !this.isDue(declaration)) return {};
    const before = this.before(declaration);
    const status = this.statusOf(declaration, before);
    if (!status) return {};
    await applyStatus(api, declaration, status, withinMs);
    this.entryOf(declaration).written = { status: remembered(status), at: performance.now() };
    this.tell(declaration, conditionOccurrences(before.conditions ?? [], status.conditions ?? []));
    return {};
  }

  /** Another replica has written meanwhile: what stands in the cluster counts. */
  forgetWritten(): void {
    for (const entry of this.entries.values()) delete entry.written;
  }

  private take(result: Outcome | Unread): void {
    const declaration = this.origins.get(result.scaler);
    if (!declaration) return;
    const entry = this.entryOf(declaration);
    const before = entry.standing?.result;
    const unknown = !('decision' in result) || result.observation.lag.kind === 'unknown';
    const unknownTicks = unknown ? (entry.standing?.unknownTicks ?? 0) + 1 : 0;
    entry.standing = { result, unknownTicks, generation: declaration.generation };
    if (!('decision' in result)) return;
    const last = before && 'decision' in before ? before : undefined;
    this.tell(declaration, this.manual(declaration, last, result));
  }

  private manual(declaration: Declaration, before: Outcome | undefined, after: Outcome): Occurrence[] {
    const { parsed, namespace } = declaration;
    if (parsed.kind === 'invalid') return [];
    const by = this.options.cluster.workload(namespace, parsed.scaler.target)?.scaledBy;
    return manualOccurrence(before, after, by);
  }

  private isDue(declaration: Declaration): boolean {
    const { standing } = this.entryOf(declaration);
    // It is told once, when it is known what has become of it.
    if (standing && isApplying(standing)) return false;
    const before = this.before(declaration);
    const status = this.statusOf(declaration, before);
    if (!status) return false;
    const change = statusChange(before, status);
    if (change !== 'figures') return change === 'material';
    const writtenAt = this.entryOf(declaration).written?.at ?? -Infinity;
    return performance.now() - writtenAt > figuresIntervalMs(this.options.cluster.declarations.all().size);
  }

  private judge(declaration: Declaration): Judged {
    const { cluster, targets } = this.options;
    const { revision } = cluster;
    const entry = this.entryOf(declaration);
    if (entry.judged?.declaration === declaration && entry.judged.revision === revision) return entry.judged;
    const admission = admit(declaration, cluster);
    const common = { declaration, revision, admission };
    if (admission.kind === 'refused') return (entry.judged = { ...common, managed: undefined });
    const { spec, lag, target, ...rest } = admission.scaler;
    const scaler = { spec, lag, target: targets.of(declaration, admission.scaler), mode: modeOf(rest) };
    this.origins.set(scaler, declaration);
    const managed = { scaler, targetKey: targetKey(declaration.namespace, target) };
    return (entry.judged = { ...common, managed });
  }

  private statusOf(declaration: Declaration, before: StageScalerStatus): StageScalerStatus | undefined {
    const { admission } = this.judge(declaration);
    const { standing, lastScaleTime = declaration.status.lastScaleTime } = this.entryOf(declaration);
    // A decision by an older spec says nothing of this one.
    const current = standing?.generation === declaration.generation ? standing : undefined;
    const now = this.now();
    return nextStatus({ declaration, admission, standing: current, before, lastScaleTime, now });
  }

  private before(declaration: Declaration): StageScalerStatus {
    return this.entryOf(declaration).written?.status ?? declaration.status;
  }

  private entryOf({ key, uid }: Declaration): Entry {
    const known = this.entries.get(key);
    if (known?.uid === uid) return known;
    const entry: Entry = { uid };
    this.entries.set(key, entry);
    return entry;
  }

  private forgetDeleted(): void {
    const { declarations } = this.options.cluster;
    for (const key of this.entries.keys()) if (!declarations.get(key)) this.entries.delete(key);
  }

  private tell(declaration: Declaration, occurrences: readonly Occurrence[]): void {
    if (!this.options.leader.isLeader()) return;
    const { namespace, name, uid, parsed } = declaration;
    const regarding = { apiVersion: API_VERSION, kind: KIND, namespace, name, uid };
    const related = parsed.kind === 'valid' ? { related: { ...parsed.scaler.target, namespace } } : undefined;
    for (const occurrence of occurrences)
      this.options.events.record({ regarding, ...related, ...occurrence });
  }

  private now(): string {
    return this.options.date().toISOString();
  }
}

/** What the next status is compared with: of the last decision nothing is, and it is the largest part. */
function remembered(status: StageScalerStatus): StageScalerStatus {
  const kept: { -readonly [Field in keyof StageScalerStatus]: StageScalerStatus[Field] } = { ...status };
  delete kept.lastDecision;
  return kept;
}

function modeOf({ paused, dryRun }: Pick<DeclaredScaler, 'paused' | 'dryRun'>): ManagedScaler['mode'] {
  if (paused) return 'paused';
  return dryRun ? 'dry-run' : 'active';
}

function isApplying({ result }: Standing): boolean {
  return 'decision' in result && result.result === 'applying';
}
