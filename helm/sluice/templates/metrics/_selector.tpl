{{- /* Every pod of the release that serves /metrics: those of Sluice's own image that go on running. */}}
{{- define "sluice.scraped" -}}
matchLabels:
  app.kubernetes.io/instance: {{ .Release.Name }}
  app.kubernetes.io/name: {{ include "sluice.name" . }}
matchExpressions:
  - {key: app.kubernetes.io/component, operator: In, values: [api, relay, validate, remote, persist, remote-simulator, operator]}
{{- end }}
