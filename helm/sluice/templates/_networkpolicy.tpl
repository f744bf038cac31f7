{{- /*
A NetworkPolicy for one component: dict root, component, ingress (YAML list of rules), egress (YAML list of rules).
Names can always be looked up; whatever is not named here is refused.
*/}}
{{- define "sluice.networkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "sluice.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "sluice.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with .ingress | trim }}
  ingress:
    {{- . | nindent 4 }}
  {{- else }}
  ingress: []
  {{- end }}
  egress:
    - ports:
        - {port: 53, protocol: UDP}
        - {port: 53, protocol: TCP}
    {{- with .egress | trim }}
    {{- . | nindent 4 }}
    {{- end }}
{{- end }}

{{- /* `from` or `to` entry for a component of the release: dict root, component. */}}
{{- define "sluice.peer" -}}
- podSelector:
    matchLabels:
      {{- include "sluice.selectorLabels" . | nindent 6 }}
{{- end }}

{{- /* A rule to or from components of the release: dict root, direction, components (list), port. */}}
{{- define "sluice.within" -}}
- {{ .direction }}:
    {{- range .components }}
    {{- include "sluice.peer" (dict "root" $.root "component" .) | nindent 4 }}
    {{- end }}
  ports: [{port: {{ .port }}}]
{{- end }}

{{- /* A rule to any address by these ports (a list). */}}
{{- define "sluice.outside" -}}
- ports:
    {{- range . }}
    - {port: {{ int . }}}
    {{- end }}
{{- end }}

{{- define "sluice.scrapeIngress" -}}
- ports: [{port: 9464}]
  {{- with .Values.networkPolicy.metricsFrom }}
  from:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "sluice.kafkaEgress" -}}
{{- if .Values.kafka.enabled }}
{{- include "sluice.within" (dict "root" . "direction" "to" "components" (list "kafka") "port" 9092) }}
{{- else }}
{{- $ports := list }}
{{- range .Values.external.kafka.brokers }}
{{- $ports = append $ports (splitList ":" . | last) }}
{{- end }}
{{- include "sluice.outside" (uniq $ports) }}
{{- end }}
{{- end }}

{{- define "sluice.databaseEgress" -}}
{{- if .Values.postgres.enabled }}
{{- include "sluice.within" (dict "root" . "direction" "to" "components" (list "postgres") "port" 5432) }}
{{- else }}
{{- include "sluice.outside" .Values.networkPolicy.ports.postgres }}
{{- end }}
{{- end }}

{{- define "sluice.remoteEgress" -}}
{{- if .Values.remoteSimulator.enabled }}
{{- include "sluice.within" (dict "root" . "direction" "to" "components" (list "remote-simulator") "port" 8090) }}
{{- else }}
{{- include "sluice.outside" .Values.networkPolicy.ports.remote }}
{{- end }}
{{- end }}

{{- define "sluice.tracesEgress" -}}
{{- if .Values.collector.enabled }}
{{- include "sluice.within" (dict "root" . "direction" "to" "components" (list "collector") "port" 4318) }}
{{- else }}
{{- include "sluice.traceBackendEgress" . }}
{{- end }}
{{- end }}

{{- define "sluice.traceBackendEgress" -}}
{{- if .Values.jaeger.enabled }}
{{- include "sluice.within" (dict "root" . "direction" "to" "components" (list "jaeger") "port" 4318) }}
{{- else if .Values.tracing.endpoint }}
{{- include "sluice.outside" .Values.networkPolicy.ports.otlp }}
{{- end }}
{{- end }}
