"""The command tree: flat verbs for Spaces, nouns for the rest. A command's module is imported when it is named."""

from __future__ import annotations

from spacesctl.cli.lazy import Noun, Verb

ROOT = Noun(
    "Live audio rooms that anyone can host and moderate from a terminal.",
    {
        "serve": Verb("serve:serve", "Run the server until it is interrupted."),
        "backup": Verb("backup:backup", "Copy a data folder into one file."),
        "restore": Verb("backup:restore", "Restore a backup into a new data folder."),
        "demo": Verb(
            "demo:demo",
            "Run a whole Space and measure it: voices over WebRTC and WebSocket, captions, rules that mute a "
            "speaker and keep words from the audience, a host who removes somebody.",
        ),
        "completion": Verb(
            "completion:completion",
            'Print a shell\'s completion script: `eval "$(spacesctl completion bash)"`, in fish `spacesctl completion fish | source`.',
        ),
        "help": Verb("helping:help_command", "Show the help of a command, or of all."),
        "doctor": Verb("doctor:doctor", "Check what the server needs and say how to repair it."),
        "create": Verb("create:create", "Create a Space."),
        "list": Verb(
            "listing:list_spaces", "List Spaces: live ones, then those to come, the next first, then the past."
        ),
        "remind": Verb(
            "schedule:remind", "Get a direct message half an hour before a scheduled Space, and when it starts."
        ),
        "show": Verb("spaces:show", "Show a Space."),
        "edit": Verb("editing:edit", "Change a Space; what you do not give stays as it is."),
        "start": Verb("spaces:start", "Open a Space: it goes live."),
        "end": Verb("spaces:end", "End a live Space for everybody."),
        "cancel": Verb("spaces:cancel", "Cancel a Space that has not started."),
        "invite": Verb("invitations:invite", "Invite people to speak or, with --as, to co-host, by direct message."),
        "inbox": Verb("messages:inbox", "Read direct messages, newest first."),
        "accept": Verb("invitations:accept", "Accept an invitation to speak."),
        "decline": Verb("invitations:decline", "Decline an invitation."),
        "invites": Verb(
            "invitations:invites",
            "List your invitations to Spaces that are not over, or those to a Space that you host.",
        ),
        "uninvite": Verb("invitations:uninvite", "Withdraw invitations that are not answered yet."),
        "dm": Verb("messages:dm", "Send a direct message, as text, as a voice clip or both."),
        "policy": Verb("spaces:policy", "Set who may speak without being approved, also while the Space is live."),
        "people": Verb("people:people", "List the people in a Space, those on stage first."),
        "raise": Verb("people:raise_hand", "Raise your hand to speak."),
        "hands": Verb("people:hands", "List who asks to speak, in the order in which they asked."),
        "approve": Verb("people:approve", "Approve a request to speak."),
        "deny": Verb("people:deny", "Deny a request to speak."),
        "warn": Verb("sanctions:warn", "Warn people: they are told why, and it is on record."),
        "mute": Verb(
            "sanctions:mute", "Mute on the server: nobody hears what they send, and they cannot unmute themselves."
        ),
        "unmute": Verb("sanctions:unmute", "Lift a mute."),
        "promote": Verb(
            "people:promote", "Make a speaker a co-host (a Space has at most two), or with --host a co-host the host."
        ),
        "demote": Verb("sanctions:demote", "Make a speaker a listener, who needs an approval to speak again."),
        "kick": Verb(
            "sanctions:kick", "Remove people; they cannot come back until the Space ends, or the time is over."
        ),
        "lock": Verb(
            "measures:lock",
            "Let nobody new join: who is there stays, and may come back; staff and who is invited may always come.",
        ),
        "unlock": Verb("measures:unlock", "Let everybody join again."),
        "slow": Verb("measures:slow", "Take one request to speak or reaction from each account in so much time."),
        "hold": Verb("measures:hold", "Let nobody new speak: who comes on stage is muted until it ends."),
        "redact": Verb(
            "redactions:redact", "Keep what somebody said last from the audience, as far as it has not heard it."
        ),
        "dump": Verb("redactions:dump", "Cut what all voices said last out of what the audience will hear."),
        "cough": Verb("redactions:cough", "Take back what you said last."),
        "panic": Verb(
            "redactions:panic",
            "Cut everything that the audience has not heard, mute everybody below you, and let nobody new speak for a while.",
        ),
        "redactions": Noun(
            "What the audience was not to hear.",
            {
                "list": Verb(
                    "redactions:list_redactions",
                    "List the redactions of a Space, newest first, with those that were withdrawn or came too late.",
                ),
                "change": Verb(
                    "redactions:change_redaction",
                    "Move, narrow or widen a redaction that the audience has not reached.",
                ),
                "withdraw": Verb(
                    "redactions:withdraw_redaction",
                    "Take back a redaction that the audience has not reached: it hears what would have been silent.",
                ),
            },
        ),
        "suggestions": Verb(
            "suggestions:suggestions",
            "List what rules suggest and nobody has decided on: to do what to whom, for which words, and why it waits for you.",
        ),
        "confirm": Verb(
            "suggestions:confirm",
            "Do what a rule suggests: it becomes a sanction in your name, with its rule as the reason.",
        ),
        "dismiss": Verb("suggestions:dismiss", "Leave undone what a rule suggests, so that nobody confirms it later."),
        "undo": Verb("sanctions:undo", "Undo a sanction: of a person, of all, or a block."),
        "sanctions": Verb(
            "sanctions:sanctions",
            "List sanctions, newest first, with those that ended: of a Space that you host, the blocks on your list, or those on you.",
        ),
        "sanction": Noun(
            "One sanction, with what it stands on.",
            {
                "show": Verb(
                    "appeals:show_sanction",
                    "Show a sanction whole: what was done and until when, by which rule, on which words, and how to appeal it.",
                ),
                "play": Verb(
                    "appeals:play_sanction",
                    "Play what its target said, and nobody else, with ffplay, mpv or pw-play, without loud peaks.",
                ),
            },
        ),
        "appeal": Verb("appeals:appeal", "Appeal a sanction on you, once and within 14 days."),
        "appeals": Noun(
            "Appeals that wait for a decision.",
            {
                "list": Verb("appeals:list_appeals", "List open appeals that you may decide on, newest first."),
                "show": Verb("appeals:show_appeal", "Show an appeal, with the sanction that it is about."),
                "grant": Verb(
                    "appeals:grant",
                    "Grant an appeal: the sanction ends, its points come back and its report is dismissed.",
                ),
                "deny": Verb("appeals:deny", "Deny an appeal: the sanction stays as it is."),
            },
        ),
        "block": Verb(
            "accounts:block",
            "Block accounts: they leave Spaces that you host or co-host, you leave theirs, and they cannot be invited or message you.",
        ),
        "unblock": Verb("accounts:unblock", "Unblock accounts."),
        "blocklist": Noun(
            "Block lists that people share, as signed files.",
            {
                "export": Verb(
                    "blocklist:export", "Write the accounts that you block, with the reasons, into a signed file."
                ),
                "import": Verb(
                    "blocklist:take_over",
                    "Block the accounts of a list, after it showed whom of followers, hosts and speakers that would hit.",
                ),
                "follow": Verb(
                    "blocklist_follow:follow",
                    "Block the accounts of a list, after it showed whom that would hit, and follow it from then on.",
                ),
                "followed": Verb(
                    "blocklist_follow:followed",
                    "List the block lists that you follow, and whom you are still to decide on.",
                ),
                "unfollow": Verb("blocklist_follow:unfollow", "Follow a block list no longer."),
            },
        ),
        "report": Verb("moderation:report", "Report a person or the whole Space."),
        "speak": Verb(
            "sound:speak",
            "Speak in a Space: play a sound file in real time, or use the microphone until you interrupt it.",
        ),
        "listen": Verb(
            "sound:listen",
            "Write the sound of a Space to a file or a pipe (`spacesctl listen SPACE --output - | mpv -`).",
        ),
        "captions": Verb("captions:captions", "Print the captions of a Space."),
        "chat": Verb("chat:chat", "Write in the chat of a Space, or print it."),
        "transcript": Verb("transcripts:transcript", "Print what was said in a Space, with names and clock times."),
        "console": Verb(
            "console_seat:console",
            "Host or moderate a Space from one screen, with a key for each thing that a host does.",
        ),
        "watch": Verb("watch:watch", "Watch a Space until it ends."),
        "react": Verb("spaces:react", "Send a reaction, which everybody in the Space sees."),
        "share": Verb(
            "posts:share", "Share a post or a link with everybody in a Space; at most ten, the newest first."
        ),
        "post": Verb("posts:post", "Publish a post, as text, as a voice clip or both."),
        "play": Verb("posts:play", "Play the voice clip of a post or a message, with ffplay, mpv or pw-play."),
        "feed": Verb(
            "feed:feed",
            "Show live and scheduled Spaces of the accounts that you follow, then their posts, newest first.",
        ),
        "calendar": Verb(
            "calendar:calendar",
            "Print a Space, or all scheduled Spaces of a host, as iCalendar, and the address to subscribe to.",
        ),
        "follow": Verb("accounts:follow", "Follow accounts."),
        "unfollow": Verb("accounts:unfollow", "Stop following accounts."),
        "login": Verb(
            "login:login", "Log in to a server: a person lets this command line in, in a browser, by comparing a code."
        ),
        "logout": Verb("login:logout", "Log out of a server: the token is revoked there, and forgotten here."),
        "context": Noun(
            "The servers that you are logged in to.",
            {
                "list": Verb("contexts:list_contexts", "List the servers that you are logged in to."),
                "use": Verb("contexts:use", "Use this server when none is named."),
            },
        ),
        "account": Noun(
            "Accounts and their tokens.",
            {
                "create": Verb("accounts:create", "Create an account."),
                "list": Verb("accounts:list_accounts", "List accounts, by handle."),
                "token": Verb(
                    "tokens:token", "Create another token, for your own account or (operators) for any account."
                ),
                "tokens": Verb(
                    "tokens:tokens",
                    "List tokens and sessions: what each is for, when it was made and last used, and from where.",
                ),
                "revoke": Verb(
                    "tokens:revoke",
                    "Revoke tokens of your own account or (operators) of any account.",
                ),
                "password": Verb(
                    "passwords:password",
                    "Set or change the password with which you sign in to the page; your other sessions end.",
                ),
                "link": Verb(
                    "links:link",
                    "Make a link that signs you in once, such as on your telephone, or (operators) anybody.",
                ),
                "invite": Verb("links:invite", "Make a link with which somebody may make an account."),
                "recover": Verb(
                    "links:recover",
                    "Let somebody in again: their password and passkeys go, their sessions end, and a link signs them in once.",
                ),
                "show": Verb("accounts:show", "Show an account; without a handle, your own."),
                "suspend": Verb(
                    "oversight:suspend",
                    "Suspend an account: its tokens stop working, and its live Spaces go to a co-host who is there, or end.",
                ),
                "restore": Verb("oversight:restore", "Restore a suspended account: its tokens work again."),
                "delete": Verb(
                    "oversight:delete",
                    "Delete your own account (`me`) or (operators) any, for good, with its posts, recordings, tokens and planned Spaces.",
                ),
            },
        ),
        "privacy": Noun(
            "What the server keeps about a person.",
            {
                "export": Verb(
                    "privacy:export",
                    "Write all that the server keeps about you or (operators) anybody to a ZIP archive; its README.txt says what is in it.",
                ),
                "erase": Verb(
                    "privacy:erase",
                    "Delete an account as `account delete` does, and erase what was said and written with it; --dry-run says what stays.",
                ),
                "hold": Verb(
                    "privacy:hold",
                    "Hold what there is of a person or a Space for a legal reason: nothing of it is purged, erased or deleted by hand.",
                ),
                "holds": Verb("privacy:holds", "List legal holds, newest first."),
                "release": Verb(
                    "privacy:release",
                    "End a legal hold: what is old goes again, and what a deleted account left behind at once.",
                ),
            },
        ),
        "profile": Noun(
            "Public profiles.",
            {
                "show": Verb("profile:show", "Show a profile (default: yours) with its Spaces and latest posts."),
                "edit": Verb("profile:edit", "Change your profile; what you do not give stays as it is."),
            },
            default="show",
        ),
        "bench": Noun(
            "Measure what a server on this machine can serve.",
            {
                "floor": Verb(
                    "bench:floor", "Measure the lower bound: a C program that only encrypts and sends packets."
                ),
                "fanout": Verb(
                    "bench:fanout", "Measure the engine's CPU time for a number of listeners, and lost packets."
                ),
                "capacity": Verb(
                    "bench:capacity",
                    "Find how many listeners are served without a lost packet or a late tick, beside `floor`.",
                ),
                "join-storm": Verb("bench:join_storm", "Connect many listeners at once while others listen."),
                "peers": Verb(
                    "bench:peers",
                    "Compare with Janus (Debian's `janus`), aiortc and `floor`: the same listeners and the same clip.",
                ),
                "ogg": Verb(
                    "bench:ogg", "Compare the cost of players of listen.ogg with that of as many WebRTC listeners."
                ),
                "icecast": Verb(
                    "bench:icecast",
                    "Compare what one more player of listen.ogg costs with what it costs Debian's Icecast.",
                ),
                "soak": Verb(
                    "bench:soak",
                    "Run a Space for half an hour while listeners join and leave: memory, open files, late ticks.",
                ),
                "loss": Verb(
                    "bench:loss", "Compare the speech quality over bad networks with aiortc and Janus AudioBridge."
                ),
                "mouth-to-ear": Verb(
                    "bench:mouth_to_ear",
                    "Compare the latency from a speaker to a listener with aiortc and Janus AudioBridge.",
                ),
                "hearing": Verb(
                    "bench:hearing",
                    "Measure how late captions are when many talk at once, who is given up for that, and what recognition costs.",
                ),
                "redaction": Verb(
                    "bench:redaction",
                    "Measure how many phrases the bots redact before a delayed audience hears them.",
                ),
                "numbers": Verb("bench:numbers", "Measure how many digits of spoken numbers a delayed audience hears."),
            },
        ),
        "schedule": Noun(
            "Series: Spaces that open and end by themselves, again and again.",
            {
                "list": Verb("schedule:list_series", "List your series."),
                "show": Verb("schedule:show", "Show a series with its next starts."),
                "pause": Verb(
                    "schedule:pause",
                    "Pause a series: its next Space is canceled, and no others are made until it is resumed.",
                ),
                "resume": Verb("schedule:resume", "Resume a paused series."),
                "skip": Verb("schedule:skip", "Cancel the next Space of a series; the one after it stays."),
                "edit": Verb(
                    "schedule:edit", "Change a series and its next Space; what you do not give stays as it is."
                ),
                "delete": Verb("schedule:delete", "Delete a series."),
            },
        ),
        "reports": Noun(
            "Reports that wait for review.",
            {
                "list": Verb(
                    "moderation:list_reports",
                    "List open reports from the Spaces that you moderate, those first that weigh most.",
                ),
                "mine": Verb(
                    "moderation:own_reports",
                    "List the reports that you have filed, newest first, and what was decided on them.",
                ),
                "show": Verb("moderation:show_report", "Show a report with its evidence; --out saves the sound of it."),
                "play": Verb(
                    "review:play_report",
                    "Print the words of a report, then play its sound with ffplay, mpv or pw-play, without loud peaks.",
                ),
                "assign": Verb(
                    "review:assign",
                    "Have somebody look after a report: of the staff of its Space, or an operator.",
                ),
                "note": Verb(
                    "review:add_note",
                    "Write a note on a report, for those who review it: neither who filed it nor whom it is about reads it.",
                ),
                "uphold": Verb("review:uphold", "Uphold a report: it was right."),
                "dismiss": Verb("review:dismiss", "Dismiss a report: it was not right."),
                "decide": Verb("moderation:decide_report", "Uphold or dismiss a report, or open it again."),
            },
        ),
        "rules": Noun(
            "Rules on live speech.",
            {
                "check": Verb("rules:check_rules", "Check a rule file and explain each rule."),
                "test": Verb(
                    "rule_trials:try_rules",
                    "Try a rule file on what was said: what would have fired, when, on which words, how sure.",
                ),
                "regressions": Verb(
                    "rule_cases:pull",
                    "Write beside a rule file what its rules are not to find again: words of acts that were taken back.",
                ),
                "starter": Verb(
                    "rule_starter:starter",
                    "Print a set of rules to begin with, all in shadow: scams, personal numbers, threats, spam.",
                ),
                "push": Verb("rules:push_rules", "Set the rules of a Space, also while it is live."),
                "list": Verb(
                    "rules_in_force:list_rules",
                    "List the rules in force in a Space, and how often each fired in what was said so far.",
                ),
                "why": Verb(
                    "rules_in_force:why",
                    "Show which rules fired, or nearly did, on what an account said, and what was missing.",
                ),
                "show": Verb("rules:show_rules", "Print the rule file of a Space."),
                "clear": Verb(
                    "rules:clear_rules", "Remove the rules of a Space, and with them the bot's permission to act."
                ),
            },
        ),
        "audit": Noun(
            "The audit log.",
            {
                "list": Verb(
                    "audit:list_audit", "List what was done by you and in the Spaces that you host, newest first."
                ),
                "verify": Verb(
                    "audit:verify_audit",
                    "Verify the audit log: its hash chains, signed checkpoints, and a head that you wrote down.",
                ),
                "report": Verb(
                    "transparency:report",
                    "Write transparency figures (`dsa15`, CSV) or statements of reasons (`dsa24`, one JSON line for each hundred).",
                ),
            },
        ),
        "models": Noun(
            "Models for speech recognition.",
            {
                "list": Verb(
                    "models:list_models",
                    "List the models that can be downloaded by name, and those that are installed.",
                ),
                "pull": Verb(
                    "models:pull", "Download a model into the data folder; the server uses it from its next start."
                ),
                "path": Verb("models:path", "Print the folder of a model, for `serve --model`."),
            },
        ),
        "config": Noun(
            "Settings of the server and of this command line.",
            {
                "show": Verb(
                    "config:show",
                    "Show every setting in force, of this command line and of a server started in this folder.",
                ),
            },
        ),
        "record": Noun(
            "Record a live Space.",
            {
                "start": Verb("recordings:start", "Start recording."),
                "stop": Verb("recordings:stop", "Stop recording; `recordings list` shows the result."),
            },
        ),
        "recordings": Noun(
            "Recordings of your Spaces.",
            {
                "list": Verb("recordings:list_recordings", "List your recordings, newest first."),
                "get": Verb(
                    "recordings:get", "Download a recording's files as RECORDING-NAME and verify their checksums."
                ),
                "delete": Verb("recordings:delete", "Delete a recording permanently."),
            },
        ),
        "webhook": Noun(
            "Signed HTTP requests to your own programs.",
            {
                "add": Verb("webhook:add", "Add a webhook for the Spaces that you host."),
                "list": Verb("webhook:list_webhooks", "List your webhooks and their state."),
                "renew": Verb("webhook:renew", "Replace a webhook's signing secret, and show the new one once."),
                "test": Verb("webhook:send_test", "Send a `ping` now and show the result."),
                "remove": Verb("webhook:remove", "Remove a webhook; messages that wait for it are dropped."),
                "deliveries": Verb(
                    "webhook:deliveries", "List the messages sent to a webhook and their results, newest first."
                ),
            },
        ),
        "coop": Noun(
            "Reports and appeals in Coop, ROOST's review console.",
            {
                "show": Verb("coop:show", "Show what waits for Coop, what it refused and what it decided."),
                "test": Verb("coop:send_test", "Send Coop a report that is marked as a test, and say what came back."),
            },
        ),
        "notifications": Noun(
            "Forward your messages to another service.",
            {
                "add": Verb(
                    "notifications:add", "Also send your direct messages, invitations and reminders to this address."
                ),
                "list": Verb(
                    "notifications:list_notifications",
                    "List the addresses that your messages are forwarded to; only the service of each is shown.",
                ),
                "test": Verb("notifications:send_test", "Send a test message to an address now."),
                "remove": Verb("notifications:remove", "Remove an address; nothing more is sent to it."),
            },
        ),
    },
)
