// Verifies a delivery with the official library: as it came, and with each byte of its body altered.
import { Webhook } from 'standardwebhooks';

const { secret, headers, body } = JSON.parse(process.env.DELIVERY);

function verifies(bytes) {
  try {
    new Webhook(secret).verify(bytes, headers);
    return true;
  } catch {
    return false;
  }
}

const bytes = Buffer.from(body, 'utf8');
const altered = [...bytes.keys()].filter((at) => {
  const copy = Buffer.from(bytes);
  copy[at] ^= 1;
  return verifies(copy.toString('utf8'));
});
console.log(JSON.stringify({ verified: verifies(body), altered: altered.length, bytes: bytes.length }));
