// The token lives in this tab: in memory, and in sessionStorage so that a reload keeps it. It is never put in
// localStorage, in a cookie or in the address.
(function () {
  'use strict';

  const TOKEN = 'arcadia-token';
  const WELCOME = `# Sign in above, then try:

query Hello {
  viewer {
    subject
    roles
  }
}
`;

  const element = React.createElement;
  const input = document.getElementById('token');
  const status = document.getElementById('signed-in');
  const root = ReactDOM.createRoot(document.getElementById('graphiql'));
  const explorer = GraphiQLPluginExplorer.explorerPlugin();

  let token = sessionStorage.getItem(TOKEN) || '';
  let socket = null;

  function authorised(_input, init) {
    const headers = new Headers(init.headers);
    if (token) headers.set('authorization', `Bearer ${token}`);
    return fetch('/graphql', { ...init, headers, credentials: 'omit' });
  }

  function openSocket() {
    return graphqlWs.createClient({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`,
      connectionParams: () => ({ authorization: `Bearer ${token}` }),
      lazy: true,
      retryAttempts: 3,
    });
  }

  function show() {
    if (socket) socket.dispose();
    socket = openSocket();
    status.textContent = token ? 'Signed in' : 'Not signed in';
    const fetcher = GraphiQL.createFetcher({ url: '/graphql', fetch: authorised, wsClient: socket });
    root.render(
      element(GraphiQL, {
        key: token, // another caller may see another schema
        fetcher,
        schema: token ? undefined : null, // null: nobody to ask for it yet
        storage: sessionStorage,
        shouldPersistHeaders: false,
        isHeadersEditorEnabled: false,
        defaultQuery: WELCOME,
        plugins: [explorer],
      }),
    );
  }

  function use(next) {
    token = next.trim().replace(/^bearer\s+/i, '');
    if (token) sessionStorage.setItem(TOKEN, token);
    else sessionStorage.removeItem(TOKEN);
    input.value = '';
    show();
  }

  document.getElementById('sign-in').addEventListener('submit', (event) => {
    event.preventDefault();
    use(input.value);
  });
  document.getElementById('forget').addEventListener('click', () => use(''));
  show();
})();
