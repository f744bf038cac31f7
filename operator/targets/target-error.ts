/** There is no such target, or it does not do what it is asked. */
export class TargetError extends Error {
  readonly code: 'missing' | 'refused' | 'unreachable';

  constructor(code: TargetError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
