import { join } from 'node:path';
import { NETWORK } from './network.ts';

export const VOLUMES = 24;

/** Directories for volumes, each of which one claim at a time may have. */
export function volumeDirectories(root: string): string[] {
  return Array.from({ length: VOLUMES }, (_, index) =>
    join(root, `volume-${String(index + 1).padStart(2, '0')}`),
  );
}

/** What a cluster has from the start: the address of its DNS, which is a process of the node, and volumes. */
export function baseObjects(volumesRoot: string): object {
  const volumes = volumeDirectories(volumesRoot).map(volume);
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [dnsService(), dnsEndpoints(), storageClass(), ...volumes],
  };
}

const DNS_PORTS = [
  { name: 'dns', protocol: 'UDP' },
  { name: 'dns-tcp', protocol: 'TCP' },
];

function dnsService(): object {
  const ports = DNS_PORTS.map((port) => ({ ...port, port: 53, targetPort: NETWORK.dnsPort }));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kube-dns', namespace: 'kube-system' },
    spec: { clusterIP: NETWORK.dnsIp, ports },
  };
}

function dnsEndpoints(): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'kube-dns-node',
      namespace: 'kube-system',
      labels: {
        'kubernetes.io/service-name': 'kube-dns',
        'endpointslice.kubernetes.io/managed-by': 'sluice-test',
      },
    },
    addressType: 'IPv4',
    ports: DNS_PORTS.map((port) => ({ ...port, port: NETWORK.dnsPort })),
    endpoints: [{ addresses: [NETWORK.nodeIp], conditions: { ready: true } }],
  };
}

const CLASS = 'standard';

function storageClass(): object {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: CLASS, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  };
}

/** A directory of the node. It is emptied and free again when its claim has been deleted. */
function volume(path: string): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: path.slice(path.lastIndexOf('/') + 1) },
    spec: {
      capacity: { storage: '20Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: CLASS,
      persistentVolumeReclaimPolicy: 'Recycle',
      hostPath: { path, type: 'Directory' },
    },
  };
}
