#ifndef POSTCARD_POSTCARD_H_
#define POSTCARD_POSTCARD_H_

#include <string>
#include <vector>

namespace postcard {

// The towns that postcards can come from, in alphabetical order.
std::vector<std::string> Towns();

// One line of greeting from a town.
std::string Write(const std::string& town);

}  // namespace postcard

#endif  // POSTCARD_POSTCARD_H_
