/** What `--help` tells: of all, and of each command. */
export const COMMANDS = ['status', 'explain', 'remove', 'roll', 'policy'] as const;
export type CommandName = (typeof COMMANDS)[number];

const COMMON = `  --stack NAME     the Pulumi stack of the pool; without it: the one that is selected
  --outputs FILE   its outputs, as \`pulumi stack output --json\` writes them, where there is no Pulumi
  --json           for machines
  --help, --version
`;

const RIGHTS = `It has the rights of whoever runs it: the cloud's own credentials, as its other tools find them.
`;

export const USAGE = `fleet: what a pool of media servers is doing, and why; and having some of them leave

  npm run fleet -- status                 its nodes: what is on them, and why each is not chosen to leave
  npm run fleet -- explain NODE           one node's story: who decided what, what it waits for, what comes next
  npm run fleet -- remove NODE            it leaves once its last room has ended
  npm run fleet -- remove --all           all leave but as many as are to serve at least
  npm run fleet -- roll                   those whose software is not that of new nodes leave, and others come
  npm run fleet -- policy                 the rights that all of this needs, to be given to somebody
  npm run fleet -- COMMAND --help         more of each

${COMMON}
${RIGHTS}No command cuts a call: whoever leaves takes no new rooms, and goes when the last one has ended.

Exit codes: 0 done, or begun as far as was asked; 1 something failed, or is not known; 2 wrong usage; 3 refused, and nothing
was changed; 4 begun, and more is to be done: run it again; 130 interrupted.
`;

const STATUS = `fleet status: a pool's nodes: what is on them, for how long, and why each is not chosen to leave

  npm run fleet -- status [options]

On a terminal it is drawn anew every few seconds, until Ctrl-C; anywhere else it is told once. It changes nothing.

  --once           look once, on a terminal too
  --every SECONDS  on a terminal: how often it looks, 1 to 60   [3]
${COMMON}
${RIGHTS}
Exit codes: 0 all was read; 1 something was not, and is told as not known; 2 wrong usage.
`;

const EXPLAIN = `fleet explain: one node's story: who decided what, what it waits for, what comes next

  npm run fleet -- explain NODE [options]

Of a node that is gone, it tells the decision by which it went, while that is kept. It changes nothing.

${COMMON}
${RIGHTS}
Exit codes: 0 told; 1 something could not be read; 2 wrong usage; 3 nothing is known of such a node.
`;

const REMOVE = `fleet remove: has nodes leave. None is cut: each takes no new rooms, and goes when its last one has ended

  npm run fleet -- remove NODE [--replace] [--wait] [--reason TEXT] [options]
  npm run fleet -- remove --all [--to-zero] [--wait] [--reason TEXT] [--yes] [options]

  --all            all that are there now, but as many as are to serve at least (pool.min), the emptiest first; no more
                   drain at once than the pool allows (scaleIn.maxDrains). What the load brings meanwhile stays
  --to-zero        with --all: none stays. The stack's pool.min must be 0: otherwise its cloud would start others at once
  --replace        another comes in its place at once, whatever the load. Without it: when the load needs one, and where
                   fewer than pool.min would be left
  --wait           until the last of them is gone, asking the next ones as others go. Ctrl-C: those that were asked go on
                   leaving by themselves; nobody more is asked
  --reason TEXT    why: it stands in the decision, and \`explain\` tells it
  --yes            --all: do not ask whether that is meant. Where nobody can be asked it must be given
${COMMON}
A node that is protected by an operator is refused, or is among those that stay. One that leaves already is told of, and
waited for with --wait. It may be run again at any time: it looks at the world, and goes on where that is.

${RIGHTS}
Exit codes: 0 asked, or with --wait gone; 1 something failed, or is not known; 2 wrong usage; 3 refused, and nothing was
changed; 4 (--all without --wait) begun, and more are to be asked when those are gone: run it again; 130 interrupted.
`;

const ROLL = `fleet roll: replaces the nodes whose software is not that of new nodes. None is cut: each goes when its last room has ended

  npm run fleet -- roll [--wait] [--reason TEXT] [options]

New nodes get what the stack says now; those that run keep what they began with. A roll has these leave, the emptiest first, no
more at once than the pool allows (scaleIn.maxDrains), and none of those that serve while fewer serve than pool.min.

  --wait           until the last of them is gone. Ctrl-C: those that were asked go on leaving by themselves
                   Without it: one round. It asks as many as may drain now, and says how many are left: run it again
  --reason TEXT    why: it stands in the decision, and \`explain\` tells it
${COMMON}
Who is protected by an operator stays as it is, and is told of. Two rolls of one pool do not run at once: the second says who
rolls, and since when. It may be run again at any time: it looks at the world, and goes on where that is.

${RIGHTS}
Exit codes: 0 all software is new, or with the last asked; 1 something failed, or is not known; 2 wrong usage; 3 refused: another
roll runs; 4 begun, and more are to be asked: run it again; 130 interrupted.
`;

const POLICY = `fleet policy: the narrowest rights by which somebody may run fleet on just this pool, as its cloud takes them

  npm run --silent fleet -- policy [--for status|remove|roll] [options] > policy.json

What it writes to its output is a policy, a role, or whatever the cloud has for that, and nothing else; how to put it to use is told
beside it. It asks the cloud nothing, and changes nothing.

  --for COMMAND    status (and explain): to look; remove: to have nodes leave as well; roll: and to roll   [roll]
${COMMON}
Whoever runs fleet also reads the stack's outputs: from Pulumi, or from a file that was given (--outputs).

Exit codes: 0 written; 1 the stack's outputs could not be read; 2 wrong usage.
`;

export const USAGE_OF: Record<CommandName, string> = {
  status: STATUS,
  explain: EXPLAIN,
  remove: REMOVE,
  roll: ROLL,
  policy: POLICY,
};
