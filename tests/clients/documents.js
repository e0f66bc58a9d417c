// What every client asks, and what it is given to ask with: the environment that test_clients.py sets.
import { setTimeout as sleep } from 'node:timers/promises';

export const { HOUSE_URL, DEPLOYMENT } = process.env;
export const HTTP = `${HOUSE_URL}/graphql`;
export const SOCKET = HTTP.replace('http', 'ws');
export const authorization = `Bearer ${process.env.ARCADIA_TOKEN}`;

export const QUERY = 'query Viewer { viewer { subject } }';
export const MUTATION = `mutation Move($input: TransitionDeploymentInput!) {
  transitionDeployment(input: $input) {
    ... on DeploymentTransitioned { event { toState } }
    ... on Problem { code }
  }
}`;
export const SUBSCRIPTION = `subscription Watch($id: ID!) {
  deploymentEvents(deploymentId: $id) { actor deployment { slug } }
}`;
export const ERROR = 'query Wrong { deployment(id: "no-uuid") { slug } }';

// Moves the deployment to and fro until the subscription has seen it: its start is not announced to the client.
export async function moveUntil(seen, move) {
  const first = await move({ input: { deploymentId: DEPLOYMENT, to: 'PAUSED' } });
  for (let to = 'ACTIVE'; ; to = to === 'ACTIVE' ? 'PAUSED' : 'ACTIVE') {
    if (await Promise.race([seen.then(() => true), sleep(200)])) return first;
    await move({ input: { deploymentId: DEPLOYMENT, to } });
  }
}

// Prints what was answered, without the type names that some clients ask for on their own.
export function report(answers) {
  console.log(JSON.stringify(answers, (name, value) => (name === '__typename' ? undefined : value)));
}
