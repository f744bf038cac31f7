{{- /* Spans come from the collector or from the processes themselves; the page is opened by anybody. */}}
{{- define "sluice.jaegerIngress" -}}
{{- $senders := .Values.collector.enabled | ternary (list "collector") (list "api" "relay" "validate" "remote" "persist" "remote-simulator" "operator") }}
- ports: [{port: 16686}, {port: 16685}]
{{ include "sluice.within" (dict "root" . "direction" "from" "components" $senders "port" 4318) }}
{{- end }}
