{{- /* A claim for the disk of a server in the release; the argument is its `persistence`. */}}
{{- define "sluice.dataVolumeClaim" -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: data
  spec:
    {{- include "sluice.volumeClaimSpec" . | nindent 4 }}
{{- end }}

{{- define "sluice.volumeClaimSpec" -}}
accessModes: [ReadWriteOnce]
{{- with .storageClass }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests:
    storage: {{ .size }}
{{- end }}
