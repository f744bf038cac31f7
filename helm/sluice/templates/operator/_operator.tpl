{{- define "sluice.operatorServiceAccount" -}}
{{ default (printf "%s-operator" (include "sluice.fullname" .)) .Values.operator.serviceAccount.name }}
{{- end }}

{{- /* The operator's configuration: Kafka clusters by the names that StageScalers use. No secrets. */}}
{{- define "sluice.operatorConfig" -}}
{{- $kafka := .Values.external.kafka }}
{{- $path := include "sluice.kafkaSecretsPath" . }}
tickSeconds: {{ .Values.operator.tickSeconds }}
readTimeoutSeconds: {{ .Values.operator.readTimeoutSeconds }}
kafka:
  default:
    brokers:
      {{- range splitList "," (include "sluice.kafkaBrokers" .) }}
      - {{ . | quote }}
      {{- end }}
    {{- if include "sluice.kafkaSecured" . }}
    {{- if $kafka.tls.enabled }}
    {{- if or $kafka.tls.ca.secret $kafka.tls.client.secret }}
    tls:
      {{- if $kafka.tls.ca.secret }}
      caFile: {{ $path }}/ca.crt
      {{- end }}
      {{- if $kafka.tls.client.secret }}
      certFile: {{ $path }}/tls.crt
      keyFile: {{ $path }}/tls.key
      {{- end }}
    {{- else }}
    tls: true
    {{- end }}
    {{- end }}
    {{- if $kafka.sasl.mechanism }}
    sasl:
      mechanism: {{ $kafka.sasl.mechanism }}
      username: {{ $kafka.sasl.username | quote }}
      password:
        file: {{ $path }}/password
    {{- end }}
    {{- end }}
  {{- with .Values.operator.extraConnections }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* What the operator may do where StageScalers are: read what it decides from, and write nothing but replicas and status. */}}
{{- define "sluice.operatorRules" -}}
- apiGroups: [sluice.dev]
  resources: [stagescalers]
  verbs: [get, list, watch]
- apiGroups: [sluice.dev]
  resources: [stagescalers/status]
  verbs: [patch]
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [deployments/scale, statefulsets/scale]
  verbs: [get, patch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
