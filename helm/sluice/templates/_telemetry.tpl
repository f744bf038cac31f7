{{- /*
A Deployment and its ConfigMap for a process that reads a collector's configuration: dict root, component, values,
env (YAML), ports (name: number, as YAML).
*/}}
{{- define "sluice.telemetry" -}}
{{- $v := .values }}
{{- $config := .root.Files.Get (printf "files/%s.yaml" .component) -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "sluice.metadata" . | nindent 2 }}
data:
  config.yaml: |
    {{- $config | nindent 4 }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "sluice.metadata" . | nindent 2 }}
spec:
  replicas: {{ default 1 $v.replicas }}
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      {{- include "sluice.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "sluice.podLabels" . | nindent 8 }}
      annotations:
        checksum/config: {{ sha256sum $config }}
    spec:
      {{- with include "sluice.imagePullSecrets" .root }}
      {{- . | nindent 6 }}
      {{- end }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 30
      securityContext:
        {{- include "sluice.podSecurity" 10001 | nindent 8 }}
      containers:
        - name: {{ .component }}
          image: {{ include "sluice.image" (dict "image" $v.image) | quote }}
          imagePullPolicy: {{ $v.image.pullPolicy }}
          args: [--config, /etc/sluice/telemetry/config.yaml]
          securityContext:
            {{- include "sluice.containerSecurity" . | nindent 12 }}
          env:
            {{- .env | nindent 12 }}
            {{- with include "sluice.goMemoryLimit" $v.resources }}
            - {name: GOMEMLIMIT, value: {{ . }}}
            {{- end }}
          ports:
            {{- range $name, $port := .ports | fromYaml }}
            - {name: {{ $name }}, containerPort: {{ $port }}}
            {{- end }}
            - {name: health, containerPort: 13133}
          readinessProbe:
            httpGet: {path: /status, port: health}
            periodSeconds: 5
          livenessProbe:
            httpGet: {path: /status, port: health}
            periodSeconds: 20
            failureThreshold: 6
          resources:
            {{- toYaml $v.resources | nindent 12 }}
          volumeMounts:
            - {name: config, mountPath: /etc/sluice/telemetry, readOnly: true}
            - {name: tmp, mountPath: /tmp}
      volumes:
        - name: config
          configMap: {name: {{ include "sluice.fullname" .root }}-{{ .component }}}
        - name: tmp
          emptyDir: {sizeLimit: 64Mi}
      {{- with include "sluice.placement" .root.Values.podDefaults }}
      {{- . | nindent 6 }}
      {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "sluice.metadata" . | nindent 2 }}
spec:
  selector:
    {{- include "sluice.selectorLabels" . | nindent 4 }}
  ports:
    {{- range $name, $port := .ports | fromYaml }}
    - {name: {{ $name }}, port: {{ $port }}, targetPort: {{ $name }}}
    {{- end }}
{{- end }}

{{- /* Three quarters of resources.limits.memory, in which Go keeps what it can: the rest is for the program itself. */}}
{{- define "sluice.goMemoryLimit" -}}
{{- $limit := dig "limits" "memory" "" . | toString }}
{{- $size := regexFind "^[0-9.]+" $limit | float64 }}
{{- if hasSuffix "Gi" $limit }}{{ mulf $size 768 | int }}MiB
{{- else if hasSuffix "Mi" $limit }}{{ mulf $size 0.75 | int }}MiB
{{- end }}
{{- end }}
