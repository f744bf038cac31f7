{{- /*
The template of a pod of Sluice's own image. Arguments: root, component, args, values (podDefaults and what the
component says), and where needed env (YAML), ports (YAML), volumes, volumeMounts (YAML), kafka, database, token
(booleans), serviceAccountName, checksum (text that a change of must roll the pods), restartPolicy, probes.
*/}}
{{- define "sluice.pod" -}}
{{- $v := .values -}}
metadata:
  labels:
    {{- include "sluice.podLabels" . | nindent 4 }}
    {{- with $v.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: {{ .component }}
    {{- with .checksum }}
    checksum/config: {{ sha256sum . }}
    {{- end }}
    {{- with $v.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- with include "sluice.imagePullSecrets" .root }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with .serviceAccountName }}
  serviceAccountName: {{ . }}
  {{- end }}
  automountServiceAccountToken: {{ .token | default false }}
  enableServiceLinks: false
  securityContext:
    {{- include "sluice.podSecurity" 65532 | nindent 4 }}
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  {{- with $v.terminationGracePeriodSeconds }}
  terminationGracePeriodSeconds: {{ . }}
  {{- end }}
  {{- with $v.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "sluice.ownImage" .root | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      {{- with .command }}
      command:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      args:
        {{- toYaml .args | nindent 8 }}
      securityContext:
        {{- include "sluice.containerSecurity" . | nindent 8 }}
      {{- if .config }}
      envFrom:
        - configMapRef:
            name: {{ include "sluice.fullname" .root }}
        {{- with $v.extraEnvFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- else }}
      {{- with $v.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- end }}
      env:
        - name: NODE_OPTIONS
          value: {{ $v.nodeOptions | quote }}
        {{- with .env }}
        {{- . | trim | nindent 8 }}
        {{- end }}
        {{- if .database }}
        {{- include "sluice.databaseEnv" .root | trim | nindent 8 }}
        {{- end }}
        {{- if .kafka }}
        {{- with include "sluice.kafkaEnv" .root | trim }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- end }}
        {{- with $v.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- if .probes }}
      ports:
        - name: admin
          containerPort: 9464
        {{- with .ports }}
        {{- . | trim | nindent 8 }}
        {{- end }}
      startupProbe:
        httpGet: {path: /livez, port: admin}
        periodSeconds: 1
        timeoutSeconds: 2
        failureThreshold: 120
      {{- /* A process that should get no work says so at once. One that answers late is busy: to take it out of the
      Service would be an outage where it is the only one, as while everything starts anew on a small node. Asked every
      second: a stage joins its group just after the first time, and who scales it waits for the next. */}}
      readinessProbe:
        httpGet: {path: /readyz, port: admin}
        periodSeconds: 1
        timeoutSeconds: 10
        failureThreshold: 6
      livenessProbe:
        httpGet: {path: /livez, port: admin}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      {{- end }}
      resources:
        {{- toYaml $v.resources | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if .kafka }}
        {{- with include "sluice.kafkaVolumeMounts" .root | trim }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- end }}
        {{- if .database }}
        {{- with include "sluice.databaseVolumeMounts" .root | trim }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- end }}
        {{- with .volumeMounts }}
        {{- . | trim | nindent 8 }}
        {{- end }}
        {{- with $v.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
    {{- if .kafka }}
    {{- with include "sluice.kafkaVolumes" .root | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- end }}
    {{- if .database }}
    {{- with include "sluice.databaseVolumes" .root | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- end }}
    {{- with .volumes }}
    {{- . | trim | nindent 4 }}
    {{- end }}
    {{- with $v.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if and .probes $v.spread.enabled }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: {{ $v.spread.topologyKey }}
      whenUnsatisfiable: {{ $v.spread.whenUnsatisfiable }}
      matchLabelKeys: [pod-template-hash]
      labelSelector:
        matchLabels:
          {{- include "sluice.selectorLabels" . | nindent 10 }}
  {{- end }}
  {{- with include "sluice.placement" $v }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* Where a pod may run: a map with nodeSelector, tolerations, affinity. */}}
{{- define "sluice.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* A Deployment of Sluice's own image; arguments as above, and replicas where somebody but the operator sets them. */}}
{{- define "sluice.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "sluice.metadata" . | nindent 2 }}
spec:
  {{- if hasKey . "replicas" }}
  replicas: {{ .replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy:
    {{- if .recreate }}
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}
    {{- end }}
  selector:
    matchLabels:
      {{- include "sluice.selectorLabels" . | nindent 6 }}
  template:
    {{- include "sluice.pod" . | nindent 4 }}
{{- end }}

{{- /* A budget for the pods of a component: dict root, component, budget. */}}
{{- define "sluice.podDisruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "sluice.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .budget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "sluice.selectorLabels" . | nindent 6 }}
{{- end }}
