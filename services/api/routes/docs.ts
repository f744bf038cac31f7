import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Context, Middleware } from 'koa';
import { ProblemError } from '../problems.ts';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="page"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

/** Without `validatorUrl: null` the page would send the document to a service on the Internet. */
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#page', validatorUrl: null, deepLinking: true });
`;

/** Only what is ours: no inline scripts, nothing from or to anywhere else. Swagger UI sets styles inline. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The files of swagger-ui-dist that the page needs, by media type; nothing else of it is served. */
const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
  'favicon-32x32.png': 'image/png',
};

/** GET /docs: a page to try the API on; works without the Internet. */
export function getDocs(): Middleware {
  return function getDocs(ctx) {
    secure(ctx);
    ctx.type = 'text/html';
    ctx.body = PAGE;
    return Promise.resolve();
  };
}

/** GET /docs/:file */
export function getDocsFile(): Middleware {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  return function getDocsFile(ctx) {
    const file = String((ctx['params'] as Record<string, string | undefined>)['file']);
    secure(ctx);
    ctx.set('Cache-Control', 'public, max-age=3600');
    if (file === 'start.js') {
      ctx.type = 'text/javascript';
      ctx.body = START;
    } else if (Object.hasOwn(FILES, file)) {
      ctx.type = FILES[file]!;
      ctx.body = createReadStream(join(folder, file));
    } else {
      throw new ProblemError({
        code: 'route-unknown',
        detail: 'There is no such file; GET /docs is the page.',
      });
    }
    return Promise.resolve();
  };
}

function secure(ctx: Context): void {
  ctx.set('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  ctx.set('Referrer-Policy', 'no-referrer');
  ctx.set('Cross-Origin-Opener-Policy', 'same-origin');
}
