{{- define "sluice.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* Prefix of the names of all objects; leaves room for the longest suffix. */}}
{{- define "sluice.fullname" -}}
{{- $name := include "sluice.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- /* Labels that never change: dict root, component. */}}
{{- define "sluice.selectorLabels" -}}
app.kubernetes.io/name: {{ include "sluice.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- /* Labels of a pod: nothing that changes with the chart alone, which would start every pod anew. */}}
{{- define "sluice.podLabels" -}}
{{ include "sluice.selectorLabels" . }}
app.kubernetes.io/part-of: sluice
{{- end }}

{{- /* Labels of an object: dict root, component. */}}
{{- define "sluice.labels" -}}
{{ include "sluice.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: sluice
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* Name, namespace and labels: dict root, component, name (default: fullname-component). */}}
{{- define "sluice.metadata" -}}
name: {{ default (printf "%s-%s" (include "sluice.fullname" .root) .component) .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "sluice.labels" . | nindent 2 }}
{{- end }}

{{- /* Reference of an image: dict image, default (tag where none is set). */}}
{{- define "sluice.image" -}}
{{- $image := .image }}
{{- $name := join "/" (compact (list $image.registry $image.repository)) }}
{{- if $image.digest -}}
{{ $name }}{{ with $image.tag }}:{{ . }}{{ end }}@{{ $image.digest }}
{{- else -}}
{{ $name }}:{{ default .default $image.tag }}
{{- end }}
{{- end }}

{{- define "sluice.ownImage" -}}
{{ include "sluice.image" (dict "image" .Values.image "default" .Chart.AppVersion) }}
{{- end }}

{{- define "sluice.imagePullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
