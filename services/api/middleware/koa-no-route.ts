import type { Context, Middleware } from 'koa';
import { ProblemError } from '../problems.ts';

/** Characters of a path that an answer repeats. */
const PATH_SHOWN = 200;

/** Last: what no route has taken. The router has left the routes of the same path in `ctx.matched`. */
export function koaNoRoute(): Middleware {
  return function koaNoRoute(ctx) {
    const methods = methodsAt(ctx);
    if (methods.length === 0)
      throw new ProblemError({
        code: 'route-unknown',
        detail: `There is nothing at ${ctx.path.slice(0, PATH_SHOWN)}; GET /openapi.json lists what there is.`,
      });
    const allow = methods.join(', ');
    if (ctx.method === 'OPTIONS') {
      ctx.status = 204;
      ctx.set('Allow', allow);
      return Promise.resolve();
    }
    throw new ProblemError({
      code: 'method-not-allowed',
      detail: `${ctx.method} is not allowed at ${ctx.path.slice(0, PATH_SHOWN)}; allowed: ${allow}.`,
      headers: { Allow: allow },
    });
  };
}

interface MatchedLayer {
  readonly path: string | RegExp;
  readonly methods: readonly string[];
}

function methodsAt(ctx: Context): string[] {
  const layers = (ctx['matched'] ?? []) as readonly MatchedLayer[];
  // A path without parameters that matches literally hides a pattern that would match it too.
  const literal = layers.filter((layer) => layer.path === ctx.path);
  const methods = (literal.length > 0 ? literal : layers).flatMap((layer) => layer.methods);
  return [...new Set(methods)].sort();
}
