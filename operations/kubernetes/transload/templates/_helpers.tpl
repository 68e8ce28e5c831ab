{{- define "transload.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "transload.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "transload.labels" -}}
{{ include "transload.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- /* Whether the workspace comes from a volume: it is copied, since a worker has a folder of its own within it. */ -}}
{{- define "transload.copied" -}}
{{- if or .Values.workspace.files .Values.workspace.volume }}true{{ end -}}
{{- end -}}

{{- /* A key of a ConfigMap holds no slash. */ -}}
{{- define "transload.key" -}}
{{- . | sha256sum | trunc 16 -}}
{{- end -}}

{{- define "transload.pod" -}}
metadata:
  labels:
    {{- include "transload.selector" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # workers begin anew when the workspace has changed
    checksum/workspace: {{ toJson .Values.workspace | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if include "transload.copied" . }}
  initContainers:
    - name: workspace
      image: {{ include "transload.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command: [sh, -c, "cp -RL /from/* /workspace/"]
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      resources:
        requests: {cpu: 10m, memory: 32Mi}
        limits: {memory: 128Mi}
      volumeMounts:
        - {name: from, mountPath: /from, readOnly: true}
        - {name: workspace, mountPath: /workspace}
  {{- end }}
  containers:
    - name: transload
      image: {{ include "transload.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - serve
        - --json
        {{- with .Values.workspace.environment }}
        - {{ printf "--environment=%s" . | quote }}
        {{- end }}
      {{- with .Values.env }}
      env:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.secretEnvironment }}
      envFrom:
        {{- range . }}
        - secretRef: {name: {{ . | quote }}}
        {{- end }}
      {{- end }}
      ports:
        {{- if .Values.ports.doors }}
        - {name: doors, containerPort: {{ .Values.ports.doors }}}
        {{- end }}
        - {name: operations, containerPort: {{ .Values.ports.operations }}}
      startupProbe:
        httpGet: {path: /healthz, port: operations}
        {{- toYaml .Values.probes.startup | nindent 8 }}
      livenessProbe:
        httpGet: {path: /healthz, port: operations}
        {{- toYaml .Values.probes.liveness | nindent 8 }}
      readinessProbe:
        httpGet: {path: /readyz, port: operations}
        {{- toYaml .Values.probes.readiness | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      volumeMounts:
        {{- if include "transload.copied" . }}
        - {name: workspace, mountPath: /workspace}
        {{- end }}
        - {name: var, mountPath: /workspace/var}
        - {name: temporary, mountPath: /tmp}
        {{- range $number, $name := .Values.secrets }}
        - {name: secret-{{ $number }}, mountPath: {{ printf "/run/secrets/%s" $name | quote }}, readOnly: true}
        {{- end }}
        {{- with .Values.volumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: temporary
      emptyDir: {}
    {{- if not .Values.persistence.enabled }}
    # what is received half; the ledger is in the database
    - name: var
      emptyDir: {}
    {{- end }}
    {{- if include "transload.copied" . }}
    - name: workspace
      emptyDir: {}
    - name: from
      {{- if .Values.workspace.files }}
      configMap:
        name: {{ include "transload.name" . }}
        items:
          {{- range $path, $content := .Values.workspace.files }}
          - {key: {{ include "transload.key" $path | quote }}, path: {{ $path | quote }}}
          {{- end }}
      {{- else }}
      {{- toYaml .Values.workspace.volume | nindent 6 }}
      {{- end }}
    {{- end }}
    {{- range $number, $name := .Values.secrets }}
    - name: secret-{{ $number }}
      secret: {secretName: {{ $name | quote }}, defaultMode: 0440}
    {{- end }}
    {{- with .Values.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "transload.selector" . | nindent 10 }}
{{- end -}}

{{- define "transload.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote -}}
{{- end -}}
