import { ApolloProvider } from "@apollo/client/react";
import { createRoot } from "react-dom/client";
import { createApollo } from "./api/client";
import { App } from "./App";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/pages.css";
import "./styles/room.css";

const { client, socket } = createApollo();
const root = document.getElementById("root");
if (root === null) throw new Error("The page has no #root.");
createRoot(root).render(
  <ApolloProvider client={client}>
    <App socket={socket} />
  </ApolloProvider>,
);
