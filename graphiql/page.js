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

  // The path under which a proxy serves this page, such as /billing; empty without one.
  const base = document.documentElement.dataset.base;
  const LONGEST_TIMER = 2 ** 31 - 1;
  const element = React.createElement;
  const input = document.getElementById('token');
  const status = document.getElementById('signed-in');
  const root = ReactDOM.createRoot(document.getElementById('graphiql'));
  const explorer = GraphiQLPluginExplorer.explorerPlugin();

  let token = sessionStorage.getItem(TOKEN) || '';
  let socket = null;
  let expiry = 0; // the timer that looks again once the token has expired

  function authorised(_input, init) {
    const headers = new Headers(init.headers);
    if (token) headers.set('authorization', `Bearer ${token}`);
    return fetch(`${base}/graphql`, { ...init, headers, credentials: 'omit' });
  }

  function openSocket() {
    return graphqlWs.createClient({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${base}/graphql`,
      connectionParams: () => ({ authorization: `Bearer ${token}` }),
      lazy: true,
      retryAttempts: 3,
    });
  }

  // What the server reads the token as: { text, refused, expiresAt }.
  async function session() {
    if (!token) return { text: 'Not signed in' };
    try {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${base}/graphql/session`, { headers, credentials: 'omit', cache: 'no-store' });
      const answer = await response.json();
      if (!response.ok) return { text: `Refused: ${answer.errors[0].message}`, refused: true };
      const roles = answer.roles.map((role) => role.toLowerCase()).join(', ');
      const tenant = answer.tenantId ? `tenant ${answer.tenantId}` : 'all tenants';
      const until = new Date(answer.expiresAt);
      const text = `${answer.subject} · ${roles} · ${tenant} · until ${until.toLocaleString()}`;
      return { text, expiresAt: until.getTime() };
    } catch (error) {
      return { text: `The token could not be checked: ${error.message}`, refused: true };
    }
  }

  async function show() {
    clearTimeout(expiry);
    const shown = token;
    const { text, refused, expiresAt } = await session();
    if (shown !== token) return; // another token was given meanwhile
    status.textContent = text;
    status.classList.toggle('refused', Boolean(refused));
    if (expiresAt) expiry = setTimeout(show, Math.min(expiresAt - Date.now() + 31000, LONGEST_TIMER));
    if (socket) socket.dispose();
    socket = openSocket();
    const fetcher = GraphiQL.createFetcher({ url: `${base}/graphql`, fetch: authorised, wsClient: socket });
    root.render(
      element(GraphiQL, {
        key: token, // another caller may see another schema
        fetcher,
        schema: token && !refused ? undefined : null, // null: nobody to ask for it yet
        storage: sessionStorage,
        shouldPersistHeaders: false,
        isHeadersEditorEnabled: false,
        defaultQuery: WELCOME,
        plugins: [explorer],
      }),
    );
  }

  function use(next) {
// As copied from a header or a JSON text.
    token = next.replace(/["']/g, '').trim().replace(/^bearer\s+/i, '').replace(/\s/g, '');
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
