/** `apps/v1`, `deployments` → `/apis/apps/v1/deployments`, or that of one namespace. */
export function collectionPath(apiVersion: string, plural: string, namespace: string | undefined): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
}

export function objectPath(
  apiVersion: string,
  plural: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  return `${collectionPath(apiVersion, plural, namespace)}/${encodeURIComponent(name)}`;
}
