import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** As files. */
export interface Certificate {
  authority: string;
  key: string;
  certificate: string;
}

/** Gives certificates to hosts; each is another, whom nobody trusts who does not trust it. */
export interface Authority {
  certificate: string;
  certify(host: string): Certificate;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function createAuthority(folder: string): Authority {
  const place = mkdtempSync(join(folder, 'authority-'));
  const [certificate, itsKey] = [join(place, 'ca.pem'), join(place, 'ca.key')];
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'pipe' });
  const itself = ['-subj', '/CN=An authority of a test', '-days', '2'];
  openssl('req', '-x509', ...NEW_KEY, ...itself, '-keyout', itsKey, '-out', certificate);
  return {
    certificate,
    certify(host) {
      const [key, request, names, given] = [
        join(place, `${host}.key`),
        join(place, `${host}.csr`),
        join(place, `${host}.names`),
        join(place, `${host}.pem`),
      ];
      openssl('req', ...NEW_KEY, '-subj', `/CN=${host}`, '-keyout', key, '-out', request);
      writeFileSync(names, `subjectAltName=DNS:${host}\n`);
      const by = ['-CA', certificate, '-CAkey', itsKey, '-CAcreateserial', '-extfile', names];
      openssl('x509', '-req', '-in', request, ...by, '-days', '2', '-out', given);
      return { authority: certificate, key, certificate: given };
    },
  };
}
