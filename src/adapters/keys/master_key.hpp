#pragma once

#include <string>

#include "ports/keys.hpp"

namespace cairn::keys {

/// The installation's key, from which every other key of it is derived or under which it is
/// wrapped. Whoever has this file and the key store can read all personal data; whoever loses it
/// can read none: it is copied apart from the backups.
///
/// The file is one line of text, "cairn-master-key-1:" and 32 bytes in base64url. Errors: NotFound;
/// Invalid when it is not such a line, or when every user of the machine may read it.
Result<ports::KeyBytes> load_master_key(const std::string& path);

/// The same, but where there is no file, makes one of random bytes that only its owner may read
/// (0600), synced with its folder.
Result<ports::KeyBytes> load_or_create_master_key(const std::string& path);

}  // namespace cairn::keys
