import { defineConfig, type Plugin } from 'vite';

/** GraphiQL brings its fonts as data: addresses, which the policy forbids; the system's do. */
const withoutFonts: Plugin = {
  name: 'without-fonts',
  enforce: 'pre',
  transform: (code, id) => (id.endsWith('.css') ? code.replace(/@font-face\s*\{[^}]*\}/g, '') : null),
};

export default defineConfig({
  base: './', // the page says where that is: below /static/graphiql/, and below a proxy's path
  plugins: [withoutFonts],
  build: { chunkSizeWarningLimit: 2_000 },
  resolve: {
    alias: {
      // It writes <style> elements, which the content security policy forbids.
      'react-style-singleton': new URL('src/style-singleton.ts', import.meta.url).pathname,
    },
  },
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:8000', ws: true } } },
});
