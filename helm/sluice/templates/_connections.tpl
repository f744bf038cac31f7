{{- /* Files of Kafka's secrets lie here, in every pod that talks to it. */}}
{{- define "sluice.kafkaSecretsPath" -}}
/etc/sluice/kafka
{{- end }}

{{- define "sluice.kafkaSecured" -}}
{{- $kafka := .Values.external.kafka }}
{{- if and (not .Values.kafka.enabled) (or $kafka.tls.enabled $kafka.sasl.mechanism) }}true{{ end }}
{{- end }}

{{- /* Variables with which a process opens its connections to Kafka. */}}
{{- define "sluice.kafkaEnv" -}}
{{- $kafka := .Values.external.kafka }}
{{- $path := include "sluice.kafkaSecretsPath" . }}
{{- if include "sluice.kafkaSecured" . }}
{{- if $kafka.tls.enabled }}
- name: KAFKA_TLS
  value: "true"
{{- if $kafka.tls.ca.secret }}
- name: KAFKA_TLS_CA_FILE
  value: {{ $path }}/ca.crt
{{- end }}
{{- if $kafka.tls.client.secret }}
- name: KAFKA_TLS_CERT_FILE
  value: {{ $path }}/tls.crt
- name: KAFKA_TLS_KEY_FILE
  value: {{ $path }}/tls.key
{{- end }}
{{- end }}
{{- if $kafka.sasl.mechanism }}
- name: KAFKA_SASL_MECHANISM
  value: {{ $kafka.sasl.mechanism }}
- name: KAFKA_SASL_USERNAME
  value: {{ $kafka.sasl.username | quote }}
- name: KAFKA_SASL_PASSWORD_FILE
  value: {{ $path }}/password
{{- end }}
{{- end }}
{{- end }}

{{- define "sluice.kafkaVolumes" -}}
{{- $kafka := .Values.external.kafka }}
{{- if include "sluice.kafkaFiles" . }}
- name: kafka-secrets
  projected:
    defaultMode: 0440
    sources:
      {{- if and $kafka.tls.enabled $kafka.tls.ca.secret }}
      - secret:
          name: {{ $kafka.tls.ca.secret }}
          items: [{key: {{ $kafka.tls.ca.key }}, path: ca.crt}]
      {{- end }}
      {{- if and $kafka.tls.enabled $kafka.tls.client.secret }}
      - secret:
          name: {{ $kafka.tls.client.secret }}
          items:
            - {key: {{ $kafka.tls.client.certKey }}, path: tls.crt}
            - {key: {{ $kafka.tls.client.keyKey }}, path: tls.key}
      {{- end }}
      {{- if $kafka.sasl.mechanism }}
      - secret:
          name: {{ $kafka.sasl.password.secret }}
          items: [{key: {{ $kafka.sasl.password.key }}, path: password}]
      {{- end }}
{{- end }}
{{- end }}

{{- define "sluice.kafkaVolumeMounts" -}}
{{- if include "sluice.kafkaFiles" . }}
- name: kafka-secrets
  mountPath: {{ include "sluice.kafkaSecretsPath" . }}
  readOnly: true
{{- end }}
{{- end }}

{{- /* Whether any secret of Kafka has to be mounted. */}}
{{- define "sluice.kafkaFiles" -}}
{{- $kafka := .Values.external.kafka }}
{{- $tls := and $kafka.tls.enabled (or $kafka.tls.ca.secret $kafka.tls.client.secret) }}
{{- if and (not .Values.kafka.enabled) (or $tls $kafka.sasl.mechanism) }}true{{ end }}
{{- end }}

{{- define "sluice.postgresSecret" -}}
{{ default (printf "%s-postgres" (include "sluice.fullname" .)) .Values.postgres.auth.existingSecret }}
{{- end }}

{{- /* DATABASE_URL, put together from a Secret by the kubelet: it stands in no object. */}}
{{- define "sluice.databaseEnv" -}}
{{- if .Values.postgres.enabled }}
{{- $auth := .Values.postgres.auth }}
- name: DATABASE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "sluice.postgresSecret" . }}
      key: password
- name: DATABASE_URL
  value: postgres://{{ $auth.username }}:$(DATABASE_PASSWORD)@{{ include "sluice.fullname" . }}-postgres:5432/{{ $auth.database }}
{{- else }}
{{- $external := .Values.external.postgres }}
{{- $secret := dict "secretKeyRef" (dict "name" $external.url.secret "key" $external.url.key) }}
{{- if $external.tls.mode }}
- name: DATABASE_BASE_URL
  valueFrom: {{ toJson $secret }}
- name: DATABASE_URL
  value: $(DATABASE_BASE_URL)?sslmode={{ $external.tls.mode }}{{ if $external.tls.ca.secret }}&sslrootcert=/etc/sluice/postgres/ca.crt{{ end }}
{{- else }}
- name: DATABASE_URL
  valueFrom: {{ toJson $secret }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sluice.postgresTlsFiles" -}}
{{- $tls := .Values.external.postgres.tls }}
{{- if and (not .Values.postgres.enabled) $tls.mode $tls.ca.secret }}true{{ end }}
{{- end }}

{{- define "sluice.databaseVolumes" -}}
{{- if include "sluice.postgresTlsFiles" . }}
{{- $ca := .Values.external.postgres.tls.ca }}
- name: postgres-ca
  secret:
    secretName: {{ $ca.secret }}
    defaultMode: 0440
    items: [{key: {{ $ca.key }}, path: ca.crt}]
{{- end }}
{{- end }}

{{- define "sluice.databaseVolumeMounts" -}}
{{- if include "sluice.postgresTlsFiles" . }}
- name: postgres-ca
  mountPath: /etc/sluice/postgres
  readOnly: true
{{- end }}
{{- end }}
