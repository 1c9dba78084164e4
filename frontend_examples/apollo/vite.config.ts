import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env["ANTEROOM"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  // Every address is relative to <base>, whose href the server sets to the path it is served under.
  base: "./",
  plugins: [react()],
  build: {
    assetsInlineLimit: 0,
    // A change of ours leaves what the browser has of the libraries as it is.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "libraries", test: /node_modules/ }] } } },
  },
  server: { proxy: { "/graphql": { target: server, ws: true } } },
  test: { include: ["src/**/*.test.ts"], restoreMocks: true },
});
