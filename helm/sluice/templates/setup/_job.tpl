{{- /*
A Job that prepares a server before the services need it: dict root, component, args, server (enabled in this release
or not), kafka, database. As a hook it runs before anything is changed. What comes with the release is not there yet at
its first installation: the Job is then one of its objects, and waits like everything else.
*/}}
{{- define "sluice.setupJob" -}}
{{- $setup := .root.Values.setup }}
{{- $hook := or (not .server) .root.Release.IsUpgrade }}
{{- $values := mergeOverwrite (deepCopy .root.Values.podDefaults) (pick $setup "nodeOptions" "resources") }}
{{- $env := list (dict "name" "SETUP_TIMEOUT_SECONDS" "value" (include "sluice.int" $setup.timeoutSeconds)) }}
{{- range $name, $value := include "sluice.config" .root | fromYaml }}
{{- if or (hasPrefix "KAFKA_" $name) (hasPrefix "SLUICE_" $name) (hasPrefix "LOG_" $name) }}
{{- $env = append $env (dict "name" $name "value" $value) }}
{{- end }}
{{- end -}}
apiVersion: batch/v1
kind: Job
metadata:
  {{- $name := printf "%s-%s%s" (include "sluice.fullname" .root) .component (ternary "" "-install" $hook) }}
  {{- include "sluice.metadata" (set . "name" $name) | nindent 2 }}
  {{- if or $hook $setup.jobAnnotations }}
  annotations:
    {{- if $hook }}
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: "0"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
    {{- end }}
    {{- with $setup.jobAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
spec:
  backoffLimit: 3
  podFailurePolicy:
    rules:
      - action: FailJob
        onExitCodes: {operator: In, values: [1, 2]}
  activeDeadlineSeconds: {{ add $setup.timeoutSeconds 60 }}
  ttlSecondsAfterFinished: 3600
  template:
    {{- include "sluice.pod" (merge (dict "values" $values "restartPolicy" "Never" "env" (toYaml $env) "command" (list "node" "services/setup/main.ts")) .) | nindent 4 }}
{{- end }}
