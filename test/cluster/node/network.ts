import { SERVICE_RANGE } from '../components/api-server.ts';

/**
 * Addresses of a node of our own. One link leads to it from the machine, by which the machine reaches the API server,
 * Services, node ports and pods; no route leads from it anywhere else.
 */
export const NETWORK = {
  /** The link's end on the machine. */
  link: 'sluice0',
  machineIp: '10.240.0.1',
  /** The link's end on the node. */
  peer: 'node0',
  nodeIp: '10.240.0.2',
  prefixLength: 24,
  podRange: '10.244.0.0/24',
  serviceRange: SERVICE_RANGE,
  /** The first of the service range is that of the API server. */
  apiServiceIp: '10.96.0.1',
  dnsIp: '10.96.0.10',
  apiPort: 6443,
  dnsPort: 1053,
} as const;

export const NODE_NAME = 'sluice-node';
export const CLUSTER_DOMAIN = 'cluster.local';
