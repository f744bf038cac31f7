{{- /* A StageScaler: dict root, stage, scaler, and hook where it is created by one. */}}
{{- define "sluice.stageScaler" -}}
{{- $root := .root }}
{{- $fullname := include "sluice.fullname" $root }}
{{- $prefix := $root.Values.pipeline.topicPrefix -}}
apiVersion: sluice.dev/v1alpha1
kind: StageScaler
metadata:
  {{- include "sluice.metadata" (dict "root" $root "component" .stage) | nindent 2 }}
  {{- with .hook }}
  annotations:
    meta.helm.sh/release-name: {{ $root.Release.Name }}
    meta.helm.sh/release-namespace: {{ $root.Release.Namespace }}
    helm.sh/hook: {{ . }}
    helm.sh/hook-delete-policy: before-hook-creation{{ if hasPrefix "pre-" . }},hook-succeeded{{ end }}
  {{- end }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ $fullname }}-{{ .stage }}
  kafka:
    connection: {{ .scaler.connection }}
    consumerGroup: {{ $prefix }}.{{ .stage }}
    topics:
      {{- range splitList "," (include "sluice.consumedEvents" .) }}
      - {{ $prefix }}.transactions.{{ . }}
      {{- end }}
    offsetReset: earliest
  objective:
    maxAgeSeconds: {{ .scaler.maxAgeSeconds }}
  minReplicas: {{ .scaler.minReplicas }}
  maxReplicas: {{ .scaler.maxReplicas }}
  {{- with include "sluice.upstream" . }}
  upstream:
    {{- range splitList "," . }}
    - {{ $fullname }}-{{ . }}
    {{- end }}
  {{- end }}
  profile: {{ .scaler.profile }}
  idleSeconds: {{ .scaler.idleSeconds }}
  {{- if .scaler.fallback.replicas }}
  fallback:
    replicas: {{ .scaler.fallback.replicas }}
    afterSeconds: {{ .scaler.fallback.afterSeconds }}
  {{- end }}
  dryRun: {{ .scaler.dryRun }}
{{- end }}

{{- /* The stages, with a StageScaler of their own, whose events this one consumes: dict root, stage. */}}
{{- define "sluice.upstream" -}}
{{- $writes := dict "validated" "validate" "remote-responded" "remote" }}
{{- $found := list }}
{{- range splitList "," (include "sluice.consumedEvents" .) }}
{{- $stage := get $writes . }}
{{- if $stage }}
{{- $values := mergeOverwrite (deepCopy $.root.Values.stageDefaults) (deepCopy (get $.root.Values.stages $stage)) }}
{{- if $values.scaler.enabled }}
{{- $found = append $found $stage }}
{{- end }}
{{- end }}
{{- end }}
{{- uniq $found | sortAlpha | join "," }}
{{- end }}
