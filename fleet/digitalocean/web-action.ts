/** Where a function is called by the web: it can be told before the function is there. `name`: `PACKAGE/ACTION` */
export function webActionUrl(apiHost: string, namespace: string, name: string): string {
  return `${apiHost}/api/v1/web/${namespace}/${name}`;
}
