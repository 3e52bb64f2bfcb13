#include "postcard/postcard.h"

#include "towns/towns.inc.h"

namespace postcard {

std::vector<std::string> Towns() { return {kTowns, kTowns + sizeof(kTowns) / sizeof(kTowns[0])}; }

std::string Write(const std::string& town) { return "Greetings from " + town + "!"; }

}  // namespace postcard
