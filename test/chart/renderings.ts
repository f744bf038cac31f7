import type { RenderOptions } from './helm.ts';

/** Every rendering that the tests look at, by name. */
export const RENDERINGS: Readonly<Record<string, RenderOptions>> = {
  default: {},
  'first-install': { known: false },
  upgrade: { upgrade: true },
  demo: { profiles: ['demo'] },
  ha: { profiles: ['ha'], set: ['remote.url=https://bank.example'] },
  restricted: { profiles: ['demo', 'restricted'] },
  'ha-restricted': { profiles: ['ha', 'restricted'], set: ['remote.url=https://bank.example'] },
  everything: {
    profiles: ['demo', 'restricted'],
    set: [
      'collector.enabled=true',
      'metrics.podMonitor.enabled=true',
      'metrics.rules.enabled=true',
      'metrics.dashboards.enabled=true',
      'operator.watchAllNamespaces=true',
      'operator.replicas=2',
      'api.replicas=2',
      'relay.replicas=2',
      'crds.keep=false',
      'pipeline.types.payment-fan-out=fanOut',
      'stages.persist.scaler.enabled=false',
      'stages.persist.replicas=3',
    ],
  },
  'mtls-and-service-monitor': {
    profiles: ['ha'],
    set: [
      'remote.url=https://bank.example',
      'external.kafka.sasl.mechanism=',
      'external.kafka.sasl.username=',
      'external.kafka.sasl.password.secret=',
      'external.kafka.tls.client.secret=sluice',
      'external.kafka.tls.client.certKey=user.crt',
      'external.kafka.tls.client.keyKey=user.key',
      'tracing.endpoint=http://collector.observability:4318',
      'metrics.serviceMonitor.enabled=true',
    ],
  },
};
