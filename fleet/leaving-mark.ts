/**
 * The file beside the agent's state that says, to whoever starts units: this node leaves, start no media here. While it is
 * there, neither a reboot nor a restart after a crash nor a boot program that comes late brings calls to a machine that is
 * about to be taken away. It bears the node's name: one that came along in an image of another node says nothing.
 */
export function leavingMark(node: string): string {
  return `leaving-${node}`;
}
