/// Commands that stand at a place of their own, beside what they are about. This is the only file of the
/// console that names a command: whether there is one, what it is called, what it asks for and who may
/// give it comes from the server, and where there is none its place stays empty.
export const places = {
  besideConflict: 'settle_conflict',
  besideHold: 'release_hold',
  besideLink: 'remove_reference',
  besideWaiting: 'add_reference',
  atPeople: 'reveal_personal',
  atFacts: 'add_tag',
  atNotes: 'add_note',
  atPromises: 'make_promise',
  atReferences: 'add_reference',
} as const;
