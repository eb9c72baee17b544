import { BlockList, isIP } from 'node:net';

/** IPv4 ranges that are not of the public internet (IANA's special-purpose registry). */
const specialIpv4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

/** IPv6 ranges inside 2000::/3, where all public addresses are, that are not public. */
const specialIpv6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const nonGlobalIpv4 = blockList(specialIpv4, 'ipv4');
const nonGlobalIpv6 = blockList(specialIpv6, 'ipv6');
const unicastIpv6 = blockList([['2000::', 3]], 'ipv6');
/** Prefixes whose last 32 bits are an IPv4 address that traffic ends at: mapped and NAT64. */
const embeddingIpv6 = blockList(
  [
    ['::ffff:0:0', 96],
    ['64:ff9b::', 96],
  ],
  'ipv6',
);

/**
 * Whether an IP address in text form is of the public internet: neither private, loopback,
 * link-local, shared, documentation, multicast nor reserved, also when an IPv6 address wraps it.
 * Anything that is no address is not.
 */
export function isGlobalAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !nonGlobalIpv4.check(address, 'ipv4');
    case 6: {
      const plain = address.replace(/%.*$/, '');
      if (embeddingIpv6.check(plain, 'ipv6')) return isGlobalAddress(embeddedIpv4(plain));
      return unicastIpv6.check(plain, 'ipv6') && !nonGlobalIpv6.check(plain, 'ipv6');
    }
    default:
      return false;
  }
}

function embeddedIpv4(address: string): string {
  // The URL parser writes every IPv6 address the same way, its last 32 bits as two hex groups.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':');
  const low = (group: string | undefined): number => Number.parseInt(group || '0', 16);
  const [high, last] = [low(groups.at(-2)), low(groups.at(-1))];
  return [high >> 8, high & 255, last >> 8, last & 255].join('.');
}

function blockList(
  ranges: readonly (readonly [string, number])[],
  family: 'ipv4' | 'ipv6',
): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of ranges) list.addSubnet(net, prefix, family);
  return list;
}
