import type { StageScalerStatus } from '../api/v1alpha1.ts';
import { API_VERSION, KIND, PLURAL } from '../api/v1alpha1.ts';
import type { KubeApi } from './kube-api.ts';
import { objectPath } from './resource-path.ts';
import { FIELD_MANAGER } from './scale-target.ts';

export interface StatusOwner {
  readonly namespace: string;
  readonly name: string;
  /** Of another object with the same name, made since, nothing is known. */
  readonly uid: string;
}

/**
 * Writes the status by server-side apply: what is left out is removed, what others own in it stays.
 * @throws KubeError
 */
export async function applyStatus(
  api: KubeApi,
  owner: StatusOwner,
  status: StageScalerStatus,
  timeoutMs: number,
): Promise<void> {
  const { namespace, name, uid } = owner;
  await api.request({
    method: 'PATCH',
    path: `${objectPath(API_VERSION, PLURAL, owner)}/status`,
    query: { fieldManager: FIELD_MANAGER, force: true },
    contentType: 'application/apply-patch+yaml',
    body: { apiVersion: API_VERSION, kind: KIND, metadata: { namespace, name, uid }, status },
    timeoutMs,
  });
}
