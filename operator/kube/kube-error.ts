/** The API server refused a request, or did not answer it. */
export class KubeError extends Error {
  readonly code = 'kube';
  /** HTTP status; 0: no answer. */
  readonly status: number;
  /** As in metav1.Status: NotFound, Conflict, AlreadyExists, Expired, ... */
  readonly reason: string;
  /** Whether the same request may succeed later. */
  readonly retriable: boolean;

  constructor(what: { status: number; reason?: string; message: string; cause?: unknown }) {
    super(what.message, { cause: what.cause });
    this.status = what.status;
    this.reason = what.reason ?? '';
    this.retriable = what.status === 0 || what.status === 409 || what.status === 429 || what.status >= 500;
  }
}

export function hasStatus(error: unknown, status: number): boolean {
  return error instanceof KubeError && error.status === status;
}
