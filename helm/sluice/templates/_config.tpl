{{- /*
Settings that several processes share, as YAML: name: value. No secrets. What is missing at the start is waited for: to
be started anew would change nothing, and readiness tells it.
*/}}
{{- define "sluice.config" -}}
KAFKA_BROKERS: {{ include "sluice.kafkaBrokers" . | quote }}
SLUICE_TOPIC_PREFIX: {{ .Values.pipeline.topicPrefix | quote }}
SLUICE_PARTITIONS: {{ .Values.pipeline.partitions | quote }}
SLUICE_TYPES: {{ keys .Values.pipeline.types | sortAlpha | join "," | quote }}
LOG_LEVEL: {{ .Values.pipeline.logLevel | quote }}
REMOTE_URL: {{ include "sluice.remoteUrl" . | quote }}
REMOTE_TIMEOUT_MS: {{ include "sluice.int" .Values.remote.timeoutMs | quote }}
REMOTE_MAX_ATTEMPTS: {{ include "sluice.int" .Values.remote.maxAttempts | quote }}
START_TIMEOUT_SECONDS: "86400"
ADMIN_HOST: 0.0.0.0
ADMIN_PORT: "9464"
{{- with include "sluice.otlpEndpoint" . }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
OTEL_TRACES_SAMPLER_ARG: {{ $.Values.tracing.samplingRatio | quote }}
{{- end }}
{{- end }}

{{- /* Helm reads numbers of a values file as floats: 1e+06 is no integer to the services. */}}
{{- define "sluice.int" -}}
{{ int64 . }}
{{- end }}

{{- define "sluice.kafkaBrokers" -}}
{{- if .Values.kafka.enabled -}}
{{ include "sluice.fullname" . }}-kafka:9092
{{- else -}}
{{ join "," .Values.external.kafka.brokers }}
{{- end }}
{{- end }}

{{- define "sluice.remoteUrl" -}}
{{- if .Values.remoteSimulator.enabled -}}
http://{{ include "sluice.fullname" . }}-remote-simulator:8090
{{- else -}}
{{ .Values.remote.url }}
{{- end }}
{{- end }}

{{- /* Where processes send their spans; empty: tracing is off. */}}
{{- define "sluice.otlpEndpoint" -}}
{{- if .Values.collector.enabled -}}
http://{{ include "sluice.fullname" . }}-collector:4318
{{- else -}}
{{ include "sluice.traceBackend" . }}
{{- end }}
{{- end }}

{{- /* Where spans end up. */}}
{{- define "sluice.traceBackend" -}}
{{- if .Values.jaeger.enabled -}}
http://{{ include "sluice.fullname" . }}-jaeger:4318
{{- else -}}
{{ .Values.tracing.endpoint }}
{{- end }}
{{- end }}

{{- /* The events that a stage consumes, as services/domain/stages.ts has them: dict root, stage. */}}
{{- define "sluice.consumedEvents" -}}
{{- $table := fromYaml `
chained:
  validate: [new]
  remote: [validated, compensation-requested]
  persist: [remote-responded]
fanOut:
  validate: [new]
  remote: [new, compensation-requested]
  persist: [validated, remote-responded]
` }}
{{- $events := list }}
{{- range $order := values .root.Values.pipeline.types | uniq | sortAlpha }}
{{- $events = concat $events (get (get $table $order) $.stage) }}
{{- end }}
{{- uniq $events | join "," }}
{{- end }}

