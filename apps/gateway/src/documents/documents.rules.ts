/** What the reference page may load: its own script and document; the script writes styles into the page. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page that shows the API reference; the script reads its settings from the element before it. */
export function referencePage({ title, document, script }: { title: string; document: string; script: string }): string {
  const settings = JSON.stringify({
    url: document,
    // Everything that would reach out to the reference's makers is off.
    telemetry: false,
    withDefaultFonts: false,
    hideClientButton: true,
    showDeveloperTools: 'never',
    agent: { disabled: true },
    mcp: { disabled: true },
    persistAuth: false,
  });
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escape(title)} API</title>
    <link rel="icon" href="data:,">
  </head>
  <body>
    <noscript>This page needs JavaScript. The document it shows is <a href="${escape(document)}">${escape(document)}</a>.</noscript>
    <script id="api-reference" type="application/json" data-configuration="${escape(settings)}"></script>
    <script src="${escape(script)}"></script>
  </body>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
