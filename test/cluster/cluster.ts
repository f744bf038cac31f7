import { createSteps } from '../../services/local/steps.ts';
import type { PrepareOptions } from './tools/prepare-tools.ts';
import { prepareTools } from './tools/prepare-tools.ts';
import { ControlPlane } from './control-plane.ts';

/** A cluster that tests may use, each in a namespace of its own. */
export interface TestCluster {
  /** Path of a kubeconfig. */
  readonly kubeconfig: string;
  /** Command or path of kubectl. */
  readonly kubectl: string;
  /** Where processes of our own make it up; it is then no more than a control plane. */
  readonly plane: ControlPlane | undefined;
  stop(): Promise<void>;
}

/**
 * The user's cluster when SLUICE_TEST_USE_KUBECONFIG=1 and KUBECONFIG are set (a KUBECONFIG alone may be anybody's
 * production), else a control plane on this machine, its tools built when they are missing.
 * @throws GoError, NotReadyError
 */
export async function openCluster(options: PrepareOptions): Promise<TestCluster> {
  const { env } = options;
  if (env['SLUICE_TEST_USE_KUBECONFIG'] === '1') {
    const kubeconfig = env['KUBECONFIG'];
    if (!kubeconfig) throw new Error('SLUICE_TEST_USE_KUBECONFIG=1 needs KUBECONFIG.');
    return { kubeconfig, kubectl: 'kubectl', plane: undefined, stop: async () => {} };
  }
  const tools = await prepareTools(['control-plane'], options);
  const steps = createSteps(options.screen);
  const plane = await steps.run('kubernetes', () => ControlPlane.start({ tools, env }));
  return { kubeconfig: plane.kubeconfig, kubectl: tools['kubectl']!, plane, stop: () => plane.stop() };
}
