/** What the metadata service tells of one instance of a scale set, as far as a node reads it and a little beyond. */
export function instanceDocument(changed: Record<string, unknown> = {}): string {
  return JSON.stringify({
    compute: {
      name: 'ebbtide-media_3',
      vmId: '13F56399-BD52-4150-9748-7190AAE1FF21',
      location: 'westeurope',
      zone: '2',
      vmScaleSetName: 'ebbtide-media',
      tags: 'ebbtide-pool:media',
      tagsList: [{ name: 'ebbtide-pool', value: 'media' }],
      ...changed,
    },
    network: {
      interface: [
        {
          ipv4: {
            ipAddress: [{ privateIpAddress: '10.0.0.7', publicIpAddress: '' }],
            subnet: [{ address: '10.0.0.0', prefix: '24' }],
          },
          ipv6: { ipAddress: [] },
          macAddress: '0011AAFFBB22',
        },
      ],
    },
  });
}

/** Its times and lengths are texts, as the service writes them. */
export function tokenDocument(token: string, seconds = 86_399): string {
  return JSON.stringify({
    access_token: token,
    client_id: '5e29463d-71da-4fe0-8e69-999b57db23b0',
    expires_in: String(seconds),
    expires_on: '1772452799',
    not_before: '1772366399',
    resource: 'https://storage.azure.com/',
    token_type: 'Bearer',
  });
}
