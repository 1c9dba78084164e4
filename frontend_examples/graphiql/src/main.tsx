import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL } from 'graphiql';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import '@graphiql/plugin-explorer/style.css';
import 'graphiql/style.css';
import './page.css';
import { fetcher } from './fetcher';
import { nameEditors } from './labels';
import { tabs } from './tabs';

const plugins = [explorerPlugin()];
const place = document.getElementById('graphiql');
if (!place) throw new Error('The page has no #graphiql');

nameEditors(place);
createRoot(place).render(
  <StrictMode>
    <GraphiQL fetcher={fetcher} defaultTabs={tabs} plugins={plugins} defaultEditorToolsVisibility="variables">
      <GraphiQL.Logo>
        <a className="brand" href="../../">Anteroom</a>
      </GraphiQL.Logo>
    </GraphiQL>
  </StrictMode>,
);
